/**
 * One gdb, from its start behind the wall to its end: what it is started with, and what it is asked there. Owns the limits
 * of the process; what it is to be asked, and what becomes of that, is the inquiry's.
 */
import type { Config } from '../../src/config/config.ts'
import type { Link, Sandbox } from '../../src/process/wall.ts'
import { KIB, MIB } from '../../src/units/bytes.ts'
import type { Assembly } from './assemble.ts'
import { MAX_FRAMES } from './gdb/answers.ts'
import { gdbArguments } from './gdb/arguments.ts'
import type { Bounds } from './gdb/bounds.ts'
import { indexLinks } from './indexing/index_links.ts'
import { converse, MAX_TWINS, type Questions, type Verdict } from './gdb/conversation.ts'
import { type Engine, hostArchitecture } from './gdb/engine.ts'
import type { Inquiry } from './gdb/inquiry.ts'
import { Session, type SessionEnd } from './gdb/session.ts'
import { debuggerSandbox, INSIDE, MAX_PROCESSES } from './sandbox/arguments.ts'
import { type CgroupHome, makeCgroup } from './sandbox/cgroup.ts'
import { launch } from './sandbox/launch.ts'
import type { Sparing } from './spare.ts'
import type { Deadline } from './time/deadline.ts'

export interface RunContext {
  readonly config: Pick<Config, 'taskMemoryMb' | 'taskTimeoutS' | 'maxBacktraceKb'>
  readonly deadline: Deadline
  readonly sparing: Sparing
  /** Folder of the installation that holds what is bound besides: `etc` and `scripts`. */
  readonly root: string
  readonly signal: AbortSignal
  /** Where the kernel can hold the debugger's memory; undefined: it is watched through /proc. */
  readonly cgroups: CgroupHome | undefined
}

export interface Run {
  readonly verdict: Verdict
  /** Why gdb ended before it was told to, or had opened the core; undefined when it did not. */
  readonly end: SessionEnd | undefined
  readonly warnings: string[]
  readonly peakMb: number
  /** Resolves when nothing of it runs any more: what comes after the last one need not wait for that. */
  readonly closed: Promise<void>
}

/** The crashed thread is kept whole, 2048 frames, up to this, however small RETRACE_MAX_BACKTRACE_KB is. */
const LEAST_CRASHED_TEXT = 4 * MIB
/** Frames of all threads together: of 10,000 threads 20 each. */
const MAX_ALL_FRAMES = 200_000
/** Characters of values told one by one, beside those in the text. */
const MAX_VALUES = 32 * MIB
const MAX_LINE = 8 * MIB
/** gdb works with several threads, so processor time runs faster than the clock. */
const PROCESSOR_PER_CLOCK = 4

/** A gdb that runs, and has been asked nothing yet. */
export interface StartedGdb {
  readonly session: Session
  /** Ends it, and resolves when nothing of it runs any more. */
  close(): Promise<void>
}

/** Behind the wall, with what it sees besides itself and the installation's part. */
export async function startGdb(
  engine: Engine,
  { binds, links, words, ...may }: Pick<Sandbox, 'binds' | 'makesLinks'> & {
    links: readonly Link[]
    words: readonly string[]
  },
  { config, root, cgroups }: Pick<RunContext, 'config' | 'root' | 'cgroups'>,
): Promise<StartedGdb> {
  const limits = { memoryMb: config.taskMemoryMb, seconds: config.taskTimeoutS * PROCESSOR_PER_CLOCK }
  const installed = [['etc', '/etc'], ['scripts', INSIDE.scripts]]
    .map(([name, at = '']) => ({ from: `${root}/${name}`, at, isShared: true as const }))
  const plan = { debugger: engine.sees, binds: [...installed, ...binds], links }
  const group = cgroups && makeCgroup(cgroups, { memoryMb: config.taskMemoryMb, processes: MAX_PROCESSES })
  const sandbox = { ...debuggerSandbox(plan, limits, [...engine.command, ...words]), ...may }
  const { crashedText: maxCrashedText } = textBounds(config)
  const launched = await launch(sandbox, group, mostTwins(engine)).catch(
    (error: unknown) => {
      group?.removeNow()
      throw error
    },
  )
  const session = new Session(launched, {
    memoryMb: config.taskMemoryMb,
    lineBytes: MAX_LINE,
    messageBytes: 6 * maxCrashedText,
    totalBytes: 12 * maxCrashedText,
  })
  const close = async () => {
    try {
      await session.close()
    } finally {
      await group?.remove()
    }
  }
  return { session, close }
}

/** `started`: it runs already, with all of `assembly` in view. `openOnly`: to see whether it lives. */
export async function runGdb(
  engine: Engine,
  { assembly, inquiry, started, ...asked }:
    & Pick<Questions, 'leftOut' | 'isLast' | 'openingMs' | 'openOnly' | 'twins'>
    & {
      assembly: Assembly
      inquiry: Inquiry
      started?: StartedGdb | undefined
    },
  context: RunContext,
): Promise<Run> {
  const { config, deadline, signal, sparing } = context
  const { session, close } = started ?? await startGdb(engine, planOf(engine, assembly), context)
  const { text: maxText, crashedText: maxCrashedText } = textBounds(config)
  const stop = () => void session.close()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const { executable, files, regions } = assembly
    const questions = { core: inquiry.core, executable, files, regions, sparing, maxText, maxCrashedText }
    const { withoutPlace } = inquiry
    const verdict = await converse(session, inquiry, { ...questions, ...asked, withoutPlace }, deadline)
    const end = session.end ?? (verdict.kind === 'unopened' ? verdict.late : undefined)
    const closed = close()
    return { verdict, end, warnings: session.warnings, peakMb: session.peakMb, closed }
  } catch (error) {
    await close()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * Whatever processors there are now: there can be more once it has opened the core. Of an emulated one nobody knows what a fork leaves
 * behind.
 */
function mostTwins({ runsAs }: Engine): number {
  return runsAs === hostArchitecture() ? MAX_TWINS : 0
}

function planOf(engine: Engine, assembly: Assembly): Parameters<typeof startGdb>[1] {
  const indexes = indexLinks(engine, assembly)
  const threadLibrary = assembly.threadLibraries.get(engine.runsAs)
  const words = gdbArguments({ threadLibrary, indexes: indexes.length > 0 ? INSIDE.index : undefined })
  return { binds: assembly.binds, links: [...assembly.links, ...indexes], words }
}

function textBounds({ maxBacktraceKb }: Pick<Config, 'maxBacktraceKb'>): { text: number; crashedText: number } {
  const text = maxBacktraceKb * KIB
  return { text, crashedText: Math.max(text, LEAST_CRASHED_TEXT) }
}

/** What is kept of all that was said, whoever said it. */
export function boundsOf(config: Pick<Config, 'maxBacktraceKb'>): Bounds {
  const { crashedText } = textBounds(config)
  return { frames: MAX_FRAMES, allFrames: MAX_ALL_FRAMES, names: crashedText, text: crashedText, values: MAX_VALUES }
}
