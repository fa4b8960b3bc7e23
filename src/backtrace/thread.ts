/**
 * A thread of `backtrace.json` (schema/backtrace.schema.json), as pages show it. Pure. Members of another shape are left out:
 * an older or newer worker's file makes no page fail.
 */
import { createHash } from 'node:crypto'
import { integer, list, record, text } from './values.ts'

export interface Variable {
  readonly name: string
  readonly type: string | undefined
  readonly value: string
  readonly state: 'whole' | 'cut' | 'unavailable' | 'optimized-out'
}

export type Trust = 'exact' | 'by-path' | 'no-symbols' | 'guessed'

export interface Frame {
  readonly level: number
  readonly kind: string
  readonly address: string | undefined
  readonly function: string | undefined
  readonly file: string | undefined
  readonly line: number | undefined
  /** Only an address of the web. */
  readonly sourceUrl: string | undefined
  readonly arguments: readonly Variable[]
  readonly locals: readonly Variable[]
  /** Path of the module. */
  readonly path: string | undefined
  readonly offset: string | undefined
  readonly trust: Trust
  readonly role: string | undefined
}

export interface Thread {
  readonly number: number
  readonly lwp: number
  readonly isCrashed: boolean
  readonly frames: readonly Frame[]
  readonly stopped: string | undefined
  readonly hasMore: boolean
  readonly framesWithoutValues: number
  readonly isStackMissing: boolean
  /** What gdb failed over: sentences. */
  readonly lost: readonly { readonly part: string; readonly why: string }[]
}

const MAX_FRAMES = 8192
const MAX_VALUES = 2000
const TRUSTS: readonly Trust[] = ['exact', 'by-path', 'no-symbols', 'guessed']
const STATES: readonly Variable['state'][] = ['whole', 'cut', 'unavailable', 'optimized-out']

/** Undefined for what is no thread. */
export function readThread(value: unknown): Thread | undefined {
  const thread = record(value)
  if (!Array.isArray(thread.frames)) return undefined
  return {
    number: integer(thread.number) ?? 0,
    lwp: integer(thread.lwp) ?? 0,
    isCrashed: thread.crashed === true,
    frames: list(thread.frames, MAX_FRAMES).map(frameOf),
    stopped: text(thread.stopped),
    hasMore: thread.more_frames === true,
    framesWithoutValues: integer(thread.frames_without_values) ?? 0,
    isStackMissing: thread.stack_missing === true,
    lost: list(thread.lost, 10).map(record).map(({ part, why }) => ({ part: text(part) ?? '', why: text(why) ?? '' })),
  }
}

/** Equal for threads that are in the same lines of the same functions. */
export function stackKey({ frames }: Thread): string {
  const hash = createHash('sha256')
  for (const { function: name, path, line, offset } of frames) hash.update(JSON.stringify([name ?? offset, path, line]))
  return hash.digest('base64url')
}

function frameOf(value: unknown, index: number): Frame {
  const frame = record(value)
  const url = text(frame.source_url)
  return {
    level: integer(frame.level) ?? index,
    kind: text(frame.kind) ?? 'normal',
    address: text(frame.address),
    function: text(frame.function),
    file: text(frame.file),
    line: integer(frame.line),
    sourceUrl: url !== undefined && /^https?:\/\//.test(url) ? url : undefined,
    arguments: variablesOf(frame.arguments),
    locals: variablesOf(frame.locals),
    path: text(frame.path),
    offset: text(frame.offset),
    trust: TRUSTS.find((each) => each === frame.trust) ?? 'no-symbols',
    role: text(frame.role),
  }
}

function variablesOf(value: unknown): Variable[] {
  return list(value, MAX_VALUES).map(record).map((each) => ({
    name: text(each.name) ?? '?',
    type: text(each.type),
    value: text(each.value) ?? '',
    state: STATES.find((state) => state === each.state) ?? 'whole',
  }))
}
