/**
 * What retrace.py may answer, checked: gdb has read a stranger's bytes, so its messages are believed only as far as
 * their shape holds. Pure. Refuses, by leaving out, whatever has another shape.
 */

import { withoutHashes } from './rust_names.ts'

export type FrameKind = 'normal' | 'inline' | 'signal-handler' | 'dummy' | 'tail-call' | 'other'

/** A frame without its values. */
export interface PlainFrame {
  readonly pc: bigint
  readonly kind: FrameKind
  readonly function: string | undefined
  /** As gdb has it, where that is another: with the hashes of Rust. */
  readonly rawFunction?: string
  readonly file: string | undefined
  readonly line: number | undefined
  /** Its function is one of the debuginfo, which knows no line of it all the same. */
  readonly lacksLine?: true
}

export interface ThreadsAnswer {
  readonly threads: { number: number; lwp: number }[]
  readonly selected: number
  readonly architecture: string
  readonly version: string
}

export interface FramesAnswer {
  readonly frames: PlainFrame[]
  /** pthread_self() of the thread, where the thread library or a register tells it. */
  readonly pointer: bigint | undefined
  readonly sp: bigint | undefined
  /** Why the stack ends where it should not. */
  readonly stop: string | undefined
  /** There are more frames than were asked for. */
  readonly more: boolean
  /** The answer came whole. */
  readonly complete: boolean
  /** The first frame that gdb could not describe, or not leave. */
  readonly fault: Fault | undefined
}

/** Where gdb failed, and what it said. */
export interface Fault {
  /** Undefined: where the thread itself was. */
  readonly pc: bigint | undefined
  readonly why: string
  /** There is a frame, but no name or line could be found for it. */
  readonly isOfSymbols: boolean
}

const KINDS: readonly string[] = ['normal', 'inline', 'signal-handler', 'dummy', 'tail-call', 'other']
const MAX_NAME = 8_192
/** Frames of a thread: a recursion of 29,000 costs 7.7 s and 2.6 MB, its first 2048 0.6 s and 0.2 MB (docs/facts.md). */
export const MAX_FRAMES = 2_048
/** s390x, the one with the most, has 200. */
const MAX_REGISTERS = 1_024
const REGISTER = /^[A-Za-z_][A-Za-z0-9_.]{0,31}$/

export function readThreads(data: readonly unknown[]): ThreadsAnswer | undefined {
  const message = data.map(recordOf).find((each) => Array.isArray(each.threads))
  const selected = message?.selected
  if (message === undefined || !isCount(selected)) return undefined
  const threads = (message.threads as unknown[]).flatMap((each) => {
    const [number, lwp] = Array.isArray(each) ? each as unknown[] : []
    return isCount(number) && isCount(lwp) ? [{ number, lwp }] : []
  })
  return {
    threads,
    selected,
    architecture: text(message.architecture) ?? '',
    version: text(message.version) ?? '',
  }
}

/**
 * Of one thread. It can have been walked more than once: what turned out to be needed was read in between, and said of the walk
 * before how many of its frames are sure. The last one counts; where that was interrupted, whichever came further.
 */
export function readFrames(data: readonly unknown[]): FramesAnswer {
  let best: FramesAnswer | undefined
  let messages: Record<string, unknown>[] = []
  for (const message of data.map(recordOf)) {
    if (!isCount(message.again)) messages.push(message)
    else {
      const walk = readWalk(messages)
      best = better(best, { ...walk, frames: walk.frames.slice(0, message.again), fault: undefined })
      messages = []
    }
  }
  const last = readWalk(messages)
  return last.complete ? last : better(best, last)
}

function better(before: FramesAnswer | undefined, after: FramesAnswer): FramesAnswer {
  return before !== undefined && before.frames.length > after.frames.length ? { ...before, fault: after.fault } : after
}

function readWalk(messages: readonly Record<string, unknown>[]): FramesAnswer {
  const first = messages.find((each) => 'pointer' in each)
  const last = messages.find((each) => 'more' in each)
  const frames: PlainFrame[] = []
  for (const message of messages) {
    const list = Array.isArray(message.frames) ? message.frames as unknown[] : []
    for (const each of list.slice(0, MAX_FRAMES - frames.length)) {
      const frame = readFrame(each)
      if (frame !== undefined) frames.push(frame)
    }
  }
  return {
    frames,
    pointer: address(first?.pointer),
    sp: address(first?.sp),
    stop: text(last?.stop),
    more: last?.more === true,
    complete: last !== undefined,
    fault: messages.flatMap((each) => readFault(each.fault) ?? [])[0],
  }
}

function readFault(value: unknown): Fault | undefined {
  const [pc, why, isOfSymbols] = Array.isArray(value) ? value as unknown[] : []
  if (!Array.isArray(value)) return undefined
  return { pc: address(pc), why: text(why) ?? 'gdb gave no reason', isOfSymbols: isOfSymbols === true }
}

/** Of the selected thread; undefined: gdb could make no frame of it. */
export function readPc(data: readonly unknown[]): bigint | undefined {
  return address(data.map(recordOf).find((each) => 'pc' in each)?.pc)
}

/** The program counter among the registers of a core's notes, as gdb prints them. */
export function readRawPc(printed: string): bigint | undefined {
  const found = /^ *(?:rip|eip|pc|pswa) .* (0x[0-9a-f]+) *$/m.exec(printed)?.[1]
  return found === undefined ? undefined : BigInt(found)
}

/** What a careful walk was about to look up when its last message came; undefined: it was unwinding. */
export function readWhereabouts(data: readonly unknown[]): bigint | undefined {
  return address(data.map(recordOf).findLast((each) => 'at' in each || 'leaving' in each)?.at)
}

/** Why a part of an answer did not come, as far as gdb could say it. */
export function readFailure(data: readonly unknown[], part: string): string | undefined {
  const failed = data.map(recordOf).find((each) => each.failed === part)
  return failed === undefined ? undefined : text(failed.why) ?? 'gdb gave no reason'
}

/** All that was asked about a thread has been answered. */
export function isTold(data: readonly unknown[]): boolean {
  return data.some((each) => isCount(recordOf(each).told))
}

/** The messages about each thread of several, by its number; of one that was walked again, those of all its walks. */
export function splitByThread(data: readonly unknown[]): Map<number, unknown[]> {
  const threads = new Map<number, unknown[]>()
  let current: unknown[] | undefined
  for (const message of data) {
    const { thread } = recordOf(message)
    if (!isCount(thread)) current?.push(message)
    else if (current === undefined || threads.get(thread) !== current) threads.set(thread, current = [])
  }
  return threads
}

function readFrame(value: unknown): PlainFrame | undefined {
  const [at, kind, name, file, line, lacksLine] = Array.isArray(value) ? value as unknown[] : []
  const pc = address(at)
  if (pc === undefined) return undefined
  return {
    pc,
    kind: (typeof kind === 'string' && KINDS.includes(kind) ? kind : 'other') as FrameKind,
    ...namesOf(text(name)),
    file: text(file),
    line: isCount(line) ? line : undefined,
    ...(lacksLine === true ? { lacksLine } : {}),
  }
}

/** A function's name as people write it, and gdb's own where that is another. */
export function namesOf(name: string | undefined): Pick<PlainFrame, 'function' | 'rawFunction'> {
  if (name === undefined) return { function: undefined }
  const plain = withoutHashes(name)
  return { function: plain, ...(plain === name ? {} : { rawFunction: name }) }
}

/** The member `name` of the first message that has it as text. */
export function readText(data: readonly unknown[], name: string): string | undefined {
  const found = data.map(recordOf).find((each) => typeof each[name] === 'string')?.[name]
  return typeof found === 'string' ? found : undefined
}

/** The member `name` of the first message that has it as an address. */
export function readAddress(data: readonly unknown[], name: string): bigint | undefined {
  return data.map(recordOf).map((each) => address(each[name])).find((each) => each !== undefined)
}

export function readFlag(data: readonly unknown[], name: string): boolean {
  return data.some((each) => recordOf(each)[name] === true)
}

export interface SymbolsOf {
  /** Of the file, in the question. */
  readonly index: number
  /** From where to where its code is. */
  readonly start: bigint
  readonly end: bigint
  /** gdb had left it out, or had it elsewhere. */
  readonly byHand: boolean
}

export function readSymbols(data: readonly unknown[]): SymbolsOf[] {
  const list = data.map(recordOf).find((each) => Array.isArray(each.symbols))?.symbols
  return (Array.isArray(list) ? list as unknown[] : []).flatMap((each) => {
    const [index, from, to, byHand] = Array.isArray(each) ? each as unknown[] : []
    const [start, end] = [address(from), address(to)]
    return isCount(index) && start !== undefined && end !== undefined
      ? [{ index, start, end, byHand: byHand === true }]
      : []
  })
}

/** Files that gdb does not take, or of which it does not take the debuginfo, by their index in the question. */
export function readUnread(data: readonly unknown[], which: 'unread' | 'undebugged'): number[] {
  const list = data.map(recordOf).find((each) => Array.isArray(each[which]))?.[which]
  return Array.isArray(list) ? (list as unknown[]).filter(isCount) : []
}

/** Sentences on commands that failed within the question. */
export function readProblems(data: readonly unknown[]): string[] {
  return data.map(recordOf).flatMap(({ problem }) => text(problem) ?? [])
}

export function readMissed(data: readonly unknown[]): bigint[] {
  return data.map(recordOf).flatMap(({ missed }) => Array.isArray(missed) ? missed as unknown[] : [])
    .flatMap((each) => address(each) ?? [])
}

export function readRegisters(data: readonly unknown[]): { name: string; value: string }[] {
  const list = data.map(recordOf).find((each) => Array.isArray(each.registers))?.registers
  return (Array.isArray(list) ? list.slice(0, MAX_REGISTERS) as unknown[] : []).flatMap((each) => {
    const [name, value] = Array.isArray(each) ? each as unknown[] : []
    return REGISTER.test(text(name) ?? '') && address(value) !== undefined
      ? [{ name: String(name), value: String(value) }]
      : []
  })
}

/** The members of a message; none, where it is none. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

/** An address as retrace.py writes it. */
export function address(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : undefined
}

/** A text, cut; undefined: it is none, or empty. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_NAME) : undefined
}

/** The elements of a list; none, where it is none. */
export function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value as unknown[] : []
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
