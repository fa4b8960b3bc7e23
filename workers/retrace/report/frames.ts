/**
 * Threads and frames as the report has them: gdb's plain frames joined with their values, each with the module it lies in
 * and how far it can be trusted; their text is frame_text.ts's. Pure. Owns the word for that trust; refuses to call a
 * frame exact whose module is not.
 */
import type { Core } from '../../../src/elf/core.ts'
import { moduleAt } from '../../../src/elf/core.ts'
import { sourceUrl } from '../../../src/packages/format/source_url.ts'
import type { FrameKind, PlainFrame } from '../gdb/answers.ts'
import { readPlainLines } from '../gdb/plain_frames.ts'
import { isReadable, type Region } from '../gdb/readable_memory.ts'
import { textWithoutHashes } from '../gdb/rust_names.ts'
import type { LeftOut, Lost, ThreadAnswer } from '../gdb/thread_record.ts'
import type { FrameValues, Variable } from '../gdb/values.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'
import { callSites } from './call_sites.ts'
import { firstWrongCaller } from './executable_memory.ts'
import { reconciled } from './reconcile.ts'
import { beginsThere, isMain } from './stack_end.ts'
import { fitText, readGdbText, textBefore } from './frame_text.ts'

/**
 * `exact`: the module's build-id matched. `by-path`: it had none, so its file was found by name. `no-symbols`: no
 * debuginfo, a name at most. `guessed`: found through a frame whose module is missing, or has no unwind information for it, so
 * that the unwinder had to guess.
 */
export type Trust = 'exact' | 'by-path' | 'no-symbols' | 'guessed'

export interface ReportFrame {
  readonly level: number
  readonly pc: bigint
  readonly kind: FrameKind
  readonly function: string | undefined
  /** As gdb has it, where that is another: with the hashes of Rust. */
  readonly rawFunction?: string
  readonly file: string | undefined
  readonly line: number | undefined
  /** Its function is one of the debuginfo, which knows no line of it all the same. */
  readonly lacksLine: boolean
  readonly arguments: readonly Variable[]
  readonly locals: readonly Variable[]
  readonly module: ResolvedModule | undefined
  readonly trust: Trust
  /** Arguments and locals were asked for, and came. */
  readonly hasValues: boolean
}

export interface ReportThread {
  readonly number: number
  readonly lwp: number
  /** pthread_self(), where the thread library or a register tells it and the process has a C library. */
  readonly pointer: bigint | undefined
  readonly frames: readonly ReportFrame[]
  /** gdb's text of the frames, fit for the report; undefined when it did not come, or cannot be believed. */
  readonly text: string | undefined
  /** The same with gdb's own names, where those are others. */
  readonly rawText?: string | undefined
  /** Lines of a plain backtrace, by level, where not all came. */
  readonly plain: readonly string[]
  /** Why the stack ends where none begins, in gdb's words or ours. */
  readonly stopped: string | undefined
  /** It ends there since nothing tells who called the last frame, which is not where a stack begins. */
  readonly endsUntold: boolean
  /** Behind the last frame: a return address to where nothing can run, so what gdb showed from there on are no frames. */
  readonly wrongCaller: bigint | undefined
  /** The stack goes on behind the last frame. */
  readonly more: boolean
  /** Frames that the text lacks for its size. */
  readonly cutFrames: number
  /** Frames behind those whose values were asked for one by one. */
  readonly framesWithoutValues: number
  /** The thread's stack is not in the core. */
  readonly stackMissing: boolean
  /** What gdb ended, hung or failed over. */
  readonly lost: readonly Lost[]
}

const NO_VALUES: FrameValues = { arguments: [], locals: [] }
const C_LIBRARY = /\/(libc[.-]|libpthread[.-]|ld-musl)/

export function reportThreads(
  threads: readonly ThreadAnswer[],
  { core, modules, regions, untold }: {
    core: Core
    modules: readonly ResolvedModule[]
    regions: readonly Region[] | undefined
    /** Call sites of which no table tells who called that function. */
    untold: ReadonlySet<bigint>
  },
): ReportThread[] {
  const hasOddLibrary = core.modules.some((module) => hasLineFeed(module.linkName))
  const hasLibrary = core.modules.some((module) => C_LIBRARY.test(module.path))
  const moduleOf = finderOf(core, modules)
  return threads.map((thread) => {
    const isOdd = hasOddLibrary || thread.frames.some((frame) => hasLineFeed(frame.function))
    const said = readGdbText(isOdd ? undefined : thread.text)
    const all = thread.frames.length > 0 ? thread.frames : frameOfNotes(core, thread.lwp)
    const end = firstWrongCaller(all, core)
    const frames = all.slice(0, end)
    const isBeginning = beginsThere(frames, core)
    const wrongCaller = end === undefined || isBeginning ? undefined : all[end]?.pc
    const values = frames.map((_, level) => thread.values.get(level) ?? NO_VALUES)
    const places = placesOf(frames, { moduleOf, leftOut: thread.leftOut, untold })
    const textOf = <Text extends string | undefined>(text: Text) =>
      reconciled(
        end === undefined ? text : textBefore(text, end),
        values.map((each, level) => ({
          ...each,
          lacksFiles: (places[level]?.module?.damage?.splitFiles.length ?? 0) > 0,
        })),
      )
    return {
      number: thread.number,
      lwp: thread.lwp,
      pointer: hasLibrary && thread.pointer ? thread.pointer : undefined,
      frames: frames.map(({ pc, kind, function: name, rawFunction, file, line, lacksLine = false }, level) => {
        const place = places[level] ?? { module: undefined, trust: 'guessed' }
        const hasValues = thread.values.has(level)
        const raw = rawFunction === undefined ? {} : { rawFunction }
        return {
          level,
          pc,
          kind,
          function: name,
          ...raw,
          file,
          line,
          lacksLine,
          hasValues,
          ...values[level] ?? NO_VALUES,
          ...place,
        }
      }),
      text: textOf(said.text),
      ...(said.raw === undefined ? {} : { rawText: textOf(said.raw) }),
      plain: isOdd ? [] : readPlainLines(textWithoutHashes(fitText(thread.plain ?? ''))),
      stopped: isBeginning
        ? undefined
        : wrongCaller === undefined
        ? said.stopped ?? thread.stop
        : `nothing can run at the return address 0x${wrongCaller.toString(16)}`,
      endsUntold: thread.complete && !thread.more && end === undefined && !isBeginning && isUntold(frames, untold),
      wrongCaller,
      more: end === undefined && (thread.more || !thread.complete),
      cutFrames: thread.cut ? Math.max(0, frames.length - said.frames) : 0,
      framesWithoutValues: frames.filter((_, level) => !thread.values.has(level)).length,
      stackMissing: frames.filter((frame) => frame.kind !== 'inline').length <= 1 && isOutside(regions, thread.sp),
      lost: thread.lost,
    }
  })
}

/** The threads with the names that gdb gave them, for who compares those; undefined: they are the same. */
export function withRawNames(threads: readonly ReportThread[]): ReportThread[] | undefined {
  const isRaw = ({ rawText, frames }: ReportThread) =>
    rawText !== undefined || frames.some(({ rawFunction }) => rawFunction !== undefined)
  if (!threads.some(isRaw)) return undefined
  return threads.map((thread) => ({
    ...thread,
    text: thread.rawText ?? thread.text,
    plain: [],
    frames: thread.frames.map((frame) => ({ ...frame, function: frame.rawFunction ?? frame.function })),
  }))
}

/**
 * Names of functions of the vdso and of libraries come out of the core. One with a line feed could put frames into gdb's
 * text that are none, so the frames are told without that text then.
 */
function hasLineFeed(name: string | undefined): boolean {
  return name?.includes('\n') === true
}

/** A stack pointer that leads nowhere. After an overflow of the stack it does too, but there are frames. */
function isOutside(regions: readonly Region[] | undefined, sp: bigint | undefined): boolean {
  return regions !== undefined && sp !== undefined && !isReadable(regions, sp)
}

/** Whether nothing tells who called the last frame. */
function isUntold(frames: readonly PlainFrame[], untold: ReadonlySet<bigint>): boolean {
  const [last, site] = [frames.at(-1), callSites(frames).at(-1)]
  return last !== undefined && site !== undefined && last.kind === 'normal' && !isMain(last) && untold.has(site)
}

/** Where a thread was, by the core's own notes: what is left when gdb said nothing about it. */
function frameOfNotes(core: Core, lwp: number): PlainFrame[] {
  const thread = core.threads.find((each) => each.lwp === lwp)
  if (thread === undefined) return []
  return [{ pc: thread.pc, kind: 'normal', function: undefined, file: undefined, line: undefined }]
}

/** The level of the first frame that is guessed, when all files are read whole; undefined: none is. */
export function firstGuessed(
  frames: readonly PlainFrame[],
  { core, modules, untold }: {
    core: Pick<Core, 'modules'>
    modules: readonly ResolvedModule[]
    untold: ReadonlySet<bigint>
  },
): number | undefined {
  const places = placesOf(frames, { moduleOf: finderOf(core, modules), leftOut: new Set(), untold })
  const level = places.findIndex(({ trust }) => trust === 'guessed')
  return level === -1 ? undefined : level
}

function finderOf(core: Pick<Core, 'modules'>, modules: readonly ResolvedModule[]) {
  const byModule = new Map(modules.map((each) => [each.module, each]))
  return (address: bigint) => {
    const module = moduleAt(core.modules, address)
    return module === undefined ? undefined : byModule.get(module)
  }
}

function placesOf(
  frames: readonly PlainFrame[],
  { moduleOf, leftOut, untold }: {
    moduleOf: (address: bigint) => ResolvedModule | undefined
    leftOut: LeftOut
    untold: ReadonlySet<bigint>
  },
): { module: ResolvedModule | undefined; trust: Trust }[] {
  let isGuess = false
  const sites = callSites(frames)
  return frames.map((frame, level) => {
    const site = sites[level] ?? frame.pc
    const module = moduleOf(site)
    const isWithout = module !== undefined && leftOut.has(module.module)
    const trust = isGuess ? 'guessed' : isWithout ? 'no-symbols' : trustOf(module)
    const isUnwound = module?.status === 'not-applicable' || (module?.binary !== undefined && !module.damage?.isUnread)
    const isTold = frame.kind !== 'normal' || !untold.has(site)
    if (frame.kind !== 'signal-handler' && !(isUnwound && isTold)) isGuess = true
    return { module, trust }
  })
}

function trustOf(module: ResolvedModule | undefined): Trust {
  if (module?.status === 'exact') return 'exact'
  return module?.status === 'by-path' ? 'by-path' : 'no-symbols'
}

/** Where its source line can be read; undefined: nobody said where, or it is in no source of its package. */
export function sourceUrlOf({ file, line, module }: ReportFrame): string | undefined {
  const sources = module?.sources
  if (sources === undefined || file === undefined) return undefined
  const { template, ...values } = sources
  return sourceUrl(template, { ...values, file, line })
}
