/**
 * Step `debug`: gdb in the sandbox, one engine after the other until one understands the core. Owns the choice and the
 * end of each process; refuses an answer that contradicts the core's own notes.
 */
import type { Config } from '../../src/config.ts'
import type { Core } from '../../src/elf/core.ts'
import type { Assembly } from './assemble.ts'
import type { Deadline } from './deadline.ts'
import { type Conversation, converse, GDB_ARGUMENTS } from './gdb/conversation.ts'
import type { Engine } from './gdb/engine.ts'
import { Session, type SessionEnd } from './gdb/session.ts'
import { INSIDE, type Limits } from './sandbox/arguments.ts'
import { launch } from './sandbox/launch.ts'

export interface Debugged {
  readonly engine: string | undefined
  readonly conversation: Conversation | undefined
  /** Why gdb ended before it was told to; undefined when it did not. */
  readonly end: SessionEnd | undefined
  /** gdb's own warnings: for the log, never for the text. */
  readonly warnings: string[]
  /** Sentences on engines that were given up. */
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
}

const KB = 1024
const MB = 1_048_576
/** The crashed thread is kept whole: 2048 frames, whatever RETRACE_MAX_BACKTRACE_KB says, up to this. */
const MAX_CRASHED_TEXT = 32 * MB
const MAX_LINE = 8 * MB
/** gdb works with several threads, so processor time runs faster than the clock. */
const PROCESSOR_PER_CLOCK = 4

export async function debugCore(core: Core, assembly: Assembly, context: DebugContext): Promise<Debugged> {
  const rejected: string[] = []
  let last: Debugged | undefined
  for (const engine of context.engines) {
    if (core.architecture === undefined || !engine.serves(core.architecture)) continue
    if (context.deadline.isOver || context.signal.aborted) break
    const { end, ...result } = await runEngine(engine, { core, assembly, context })
    const why = result.conversation.contradictions.join('; ') || undefined
    last = { engine: engine.name, ...result, end, rejected }
    if (why === undefined) return last
    rejected.push(`${engine.name} does not understand this core: ${end === undefined ? why : end.detail}`)
  }
  return last ??
    { engine: undefined, conversation: undefined, end: undefined, warnings: [], rejected, peakMb: 0 }
}

async function runEngine(
  engine: Engine,
  { core, assembly, context }: { core: Core; assembly: Assembly; context: DebugContext },
) {
  const { config, deadline, root, signal } = context
  const limits: Limits = {
    memoryMb: config.taskMemoryMb,
    seconds: config.taskTimeoutS * PROCESSOR_PER_CLOCK,
  }
  const installed = [{ from: `${root}/etc`, at: '/etc' }, { from: `${root}/scripts`, at: INSIDE.scripts }]
  const plan = { debugger: engine.sees, binds: [...installed, ...assembly.binds], links: assembly.links }
  const maxText = config.maxBacktraceKb * KB
  const session = new Session(launch(plan, limits, [...engine.command, ...GDB_ARGUMENTS]), {
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
      libraries: assembly.libraries,
      regions: assembly.regions,
      maxText,
      maxCrashedText: MAX_CRASHED_TEXT,
    }, deadline)
    return { conversation, end: session.end, warnings: session.warnings, peakMb: session.peakMb }
  } finally {
    signal.removeEventListener('abort', stop)
    await session.close()
  }
}
