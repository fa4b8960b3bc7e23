/**
 * Step `debug`: gdb in the sandbox, one engine after the other until one understands the core and lives to the end. An
 * answer that contradicts the core's own notes does not count.
 */
import type { Config } from '../../src/config/config.ts'
import type { Core } from '../../src/elf/core.ts'
import type { Assembly } from './assemble.ts'
import type { Deadline } from './time/deadline.ts'
import { gdbArguments } from './gdb/arguments.ts'
import { type Conversation, converse } from './gdb/conversation.ts'
import type { Engine } from './gdb/engine.ts'
import { Session, type SessionEnd } from './gdb/session.ts'
import { debuggerSandbox, INSIDE } from './sandbox/arguments.ts'
import { type CgroupHome, makeCgroup } from './sandbox/cgroup.ts'
import { launch } from './sandbox/launch.ts'
import { KIB, MIB } from '../../src/units/bytes.ts'

export interface Debugged {
  /** The engine that the conversation was with, when one can be believed. */
  readonly engine: string | undefined
  readonly conversation: Conversation | undefined
  /** Why gdb ended before it was told to; undefined when it did not. */
  readonly end: SessionEnd | undefined
  /** gdb's own warnings: for the log, never for the text. */
  readonly warnings: string[]
  /** Sentences on engines that were passed over, in the order in which they were tried. */
  readonly rejected: string[]
  readonly peakMb: number
}

export interface DebugContext {
  readonly config: Pick<Config, 'taskMemoryMb' | 'taskTimeoutS' | 'maxBacktraceKb'>
  readonly deadline: Deadline
  readonly engines: readonly Engine[]
  /** Folder of the installation that holds what is bound besides: `etc` and `scripts`. */
  readonly root: string
  readonly signal: AbortSignal
  /** Where the kernel can hold the debugger's memory; undefined: it is watched through /proc. */
  readonly cgroups: CgroupHome | undefined
  /** Called with the engine that answers, and with why others are passed over. */
  say(line: string): void
}

/** Threads count too: gdb has one per processor for reading symbols. */
const MAX_PROCESSES = 256
/** The crashed thread is kept whole: 2048 frames, whatever RETRACE_MAX_BACKTRACE_KB says, up to this. */
const MAX_CRASHED_TEXT = 32 * MIB
const MAX_LINE = 8 * MIB
/** gdb works with several threads, so processor time runs faster than the clock. */
const PROCESSOR_PER_CLOCK = 4
/** Of the time left, for opening the core, when another engine could be asked after that. */
const OPENING_SHARE = 0.3
/** But at least this long: a gdb takes a second to come up on a busy machine, and another one takes no less. */
const MIN_OPENING_MS = 5_000

type Attempt = Omit<Debugged, 'engine' | 'rejected' | 'conversation'> & { conversation: Conversation }

export async function debugCore(core: Core, assembly: Assembly, context: DebugContext): Promise<Debugged> {
  const { deadline, signal, say } = context
  const rejected: string[] = []
  let best: { engine: Engine; attempt: Attempt } | undefined
  const able = context.engines.filter(({ serves }) => core.architecture !== undefined && serves(core.architecture))
  for (const [index, engine] of able.entries()) {
    if (deadline.isOver || signal.aborted) break
    const isLast = index === able.length - 1
    const attempt = await runEngine(engine, { core, assembly, context, isLast })
    if (best === undefined || worth(attempt) > worth(best.attempt)) best = { engine, attempt }
    const why = whyPassedOver(attempt)
    if (why === undefined) {
      say(
        `${engine.name} reads this core${attempt.conversation.version ? `: gdb ${attempt.conversation.version}` : ''}`,
      )
      break
    }
    rejected.push(`${engine.name} ${why}`)
    say(`passing over ${rejected.at(-1)}`)
    if (attempt.end?.kind === 'memory' || attempt.end?.kind === 'closed') break
  }
  if (best === undefined) {
    return { engine: undefined, conversation: undefined, end: undefined, warnings: [], rejected, peakMb: 0 }
  }
  const isBelieved = best.attempt.conversation.contradictions.length === 0
  return { ...best.attempt, engine: isBelieved ? best.engine.name : undefined, rejected }
}

/** Why the next engine is to be asked; undefined when this one has told all it can. */
function whyPassedOver({ conversation, end }: Attempt): string | undefined {
  if (conversation.contradictions.length > 0) {
    return `does not understand this core: ${end === undefined ? conversation.contradictions.join('; ') : end.detail}`
  }
  return end === undefined ? undefined : `did not come to its end: ${end.detail}`
}

/**
 * Ranks the answers of engines: nothing that can be believed, frames of the crashed thread, their values, other
 * threads.
 */
function worth({ conversation: { contradictions, threads } }: Attempt): number {
  if (contradictions.length > 0) return 0
  const [crashed] = threads
  return 1 + (crashed?.frames.length ? 1_000_000 : 0) + (crashed?.text ? 1_000_000 : 0) + threads.length
}

function openingTime(deadline: Deadline): number {
  return Math.max(deadline.share(OPENING_SHARE), Math.min(deadline.leftMs(), MIN_OPENING_MS))
}

async function runEngine(
  engine: Engine,
  { core, assembly, context, isLast }: { core: Core; assembly: Assembly; context: DebugContext; isLast: boolean },
): Promise<Attempt> {
  const { config, deadline, root, signal } = context
  const limits = { memoryMb: config.taskMemoryMb, seconds: config.taskTimeoutS * PROCESSOR_PER_CLOCK }
  const installed = [{ from: `${root}/etc`, at: '/etc' }, { from: `${root}/scripts`, at: INSIDE.scripts }]
  const plan = { debugger: engine.sees, binds: [...installed, ...assembly.binds], links: assembly.links }
  const maxText = config.maxBacktraceKb * KIB
  const words = gdbArguments({ threadLibrary: assembly.threadLibraries.get(engine.runsAs) })
  const home = context.cgroups
  const group = home && makeCgroup(home, { memoryMb: config.taskMemoryMb, processes: MAX_PROCESSES })
  const sandbox = debuggerSandbox(plan, limits, [...engine.command, ...words])
  const session = new Session(launch(sandbox, group), {
    memoryMb: config.taskMemoryMb,
    lineBytes: MAX_LINE,
    messageBytes: 6 * Math.max(maxText, MAX_CRASHED_TEXT),
    totalBytes: 12 * Math.max(maxText, MAX_CRASHED_TEXT),
  })
  const stop = () => void session.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const conversation = await converse(session, {
      core,
      executable: assembly.executable,
      files: assembly.files,
      regions: assembly.regions,
      printers: assembly.printers,
      openingMs: isLast ? deadline.leftMs() : openingTime(deadline),
      maxText,
      maxCrashedText: MAX_CRASHED_TEXT,
    }, deadline)
    return { conversation, end: session.end, warnings: session.warnings, peakMb: session.peakMb }
  } finally {
    signal.removeEventListener('abort', stop)
    await session.close()
    await group?.remove()
  }
}
