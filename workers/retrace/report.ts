/**
 * Step `report`: the files that the server hands out, from what the steps before found. Pure. Owns which files there
 * are; refuses a `backtrace` in which no frame has a name.
 */
import type { Core } from '../../src/elf/core.ts'
import type { PackageCounts } from '../../src/packages/index/use.ts'
import { packageName } from '../../src/packages/naming/package_name.ts'
import type { Result } from '../../src/task/files.ts'
import type { Outcome } from '../../src/task/outcome.ts'
import { outcomeText, type Seconds } from '../../src/task/outcome_file.ts'
import type { Step } from '../../src/task/step.ts'
import type { Debugged } from './debug.ts'
import type { Conversation } from './gdb/conversation.ts'
import type { Region } from './gdb/readable_memory.ts'
import { cutSentence } from './report/lacking_memory.ts'
import { decideOutcome, hasNamedFrame, outcome as made } from './outcome.ts'
import { type ReportThread, reportThreads } from './report/frames.ts'
import { backtraceJson } from './report/json.ts'
import { countModules, modulesJson } from './report/modules.ts'
import { backtraceText } from './report/text.ts'
import type { Hints, ResolvedModule } from './resolve/resolve.ts'

export interface Findings {
  readonly core: Core | undefined
  readonly hints: Hints
  readonly modules: readonly ResolvedModule[]
  readonly release: string | undefined
  readonly owner: string | undefined
  /** Packages that the task used, by whether they were here; undefined: it did not come so far. */
  readonly packages: PackageCounts | undefined
  readonly regions: readonly Region[] | undefined
  readonly debugged: Debugged | undefined
  readonly ranOutOfTime: 'fetch' | 'debug' | undefined
  /** The step that was reached. */
  readonly step: Step
  /** Known before gdb: a core that is none. */
  readonly outcome: Outcome | undefined
}

export interface Report {
  readonly outcome: Outcome
  readonly hasBacktrace: boolean
  /** In the order in which they have to appear; `retrace-log`, the last, is the caller's. */
  readonly files: [Result, string][]
}

export function makeReport(findings: Findings, seconds: Seconds): Report {
  const { core, debugged, modules } = findings
  const conversation = debugged?.conversation
  const threads = core === undefined || conversation === undefined || debugged?.engine === undefined ||
      conversation.contradictions.length > 0
    ? []
    : reportThreads(conversation.threads, { core, modules, regions: findings.regions })
  const losses = core === undefined ? [] : lossesOf(core, threads, conversation?.threadCount ?? threads.length)
  const notes = [...losses, ...remarksOn(threads, conversation?.ended ?? [])]
  const outcome = findings.outcome ??
    (core === undefined ? made('internal', 'The core was not read.') : decideOutcome({
      core,
      modules,
      release: findings.release,
      threads,
      end: debugged?.end,
      rejected: debugged?.rejected ?? [],
      ranOutOfTime: findings.ranOutOfTime,
      losses,
    }))
  const files: [Result, string][] = modules.length > 0 ? [['modules.json', modulesJson(modules)]] : []
  const hasBacktrace = hasNamedFrame(threads)
  if (hasBacktrace && core !== undefined && conversation !== undefined) {
    const parts = { core, conversation, threads, notes }
    const { engine, rejected: passedOver } = debugged ?? { engine: undefined, rejected: [] }
    const json = { ...parts, ...findings, core, outcome, engine, passedOver, seconds: { ...seconds } }
    files.push(['backtrace.json', backtraceJson(json)], ['backtrace', backtraceText(parts)])
  }
  files.push(['outcome.json', outcomeJson(findings, outcome, seconds)])
  return { outcome, hasBacktrace, files }
}

function outcomeJson(findings: Findings, outcome: Outcome, seconds: Seconds): string {
  const [crashed] = findings.hints.packages
  return outcomeText(outcome, {
    step: findings.step,
    package: findings.owner ?? (crashed === undefined ? undefined : packageName(crashed)),
    release: findings.release,
    seconds,
    modules: countModules(findings.modules),
    packages: findings.packages,
  })
}

/** Threads that had ended, named one by one. */
const MAX_ENDED = 8

/** What the core lacks and what was left out, as sentences without a full stop. */
function lossesOf(core: Core, threads: readonly ReportThread[], threadCount: number): string[] {
  const losses: string[] = []
  const cutOff = cutSentence(core)
  if (cutOff !== undefined) losses.push(`${cutOff}, so some memory is unavailable`)
  const stackless = threads.filter((thread) => thread.stackMissing).length
  if (stackless > 0) losses.push(`the core does not hold the stacks of ${stackless} of ${threads.length} threads`)
  const cut = threads.reduce((sum, thread) => sum + thread.cutFrames, 0)
  if (cut > 0) losses.push(`the values of ${cut} frames are not shown, since the text reached RETRACE_MAX_BACKTRACE_KB`)
  if (threadCount > threads.length && threads.length > 0) {
    losses.push(`${threadCount - threads.length} of ${threadCount} threads are not shown, since a limit was reached`)
  }
  return losses
}

/** What a reader should know although nothing of use is missing. */
function remarksOn(threads: readonly ReportThread[], ended: Conversation['ended']): string[] {
  const long = threads.filter((thread) => thread.more).length
  return [
    ...(long === 0 ? [] : [`${long} ${long === 1 ? 'stack is' : 'stacks are'} longer than what is shown`]),
    ...ended.slice(0, MAX_ENDED).map(({ lwp }) => `the thread with LWP ${lwp} had ended: the core holds nothing of it`),
    ...(ended.length > MAX_ENDED ? [`${ended.length - MAX_ENDED} more threads had ended`] : []),
  ]
}
