/**
 * Why a task ended as it did, from what its steps found. Pure. Owns the order in which causes are looked for; decides
 * by facts, never by the words that were made of them.
 */
import type { SessionEnd } from '../gdb/session.ts'
import type { ReportThread } from '../report/frames.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'
import { lackOf, lacksOf } from './lack.ts'
import type { Loss } from './loss.ts'
import type { Reason, Shown, WhyMissing } from './reason.ts'

export interface Facts {
  readonly modules: readonly ResolvedModule[]
  readonly release: string | undefined
  readonly threads: readonly ReportThread[]
  /** Why gdb ended early, and sentences on engines that did not understand the core. */
  readonly end: SessionEnd | undefined
  readonly rejected: readonly string[]
  /** The deadline came while packages were fetched, or while gdb was asked. */
  readonly ranOutOfTime: 'fetch' | 'debug' | undefined
  readonly losses: readonly Loss[]
}

/** Whether there is anything to show: one frame with the name of a function is enough. */
export function hasNamedFrame(threads: readonly ReportThread[]): boolean {
  return threads.some((thread) => thread.frames.some((frame) => frame.function !== undefined))
}

export function decide(facts: Facts): Reason {
  const { threads, losses, end, ranOutOfTime, rejected } = facts
  const shown = shownIn(threads)
  const lacks = lacksOf(threads)
  if (end?.kind === 'unstarted' && threads.length === 0) return { kind: 'server-unfit', detail: end.detail }
  if (end?.kind === 'memory') return { kind: 'out-of-memory', detail: end.detail, shown }
  // What was late may be needed by no frame.
  if (ranOutOfTime === 'fetch' && !(shown.isNamed && lacks.length === 0)) return { kind: 'fetching-late', shown }
  if (end?.kind === 'timeout' || ranOutOfTime === 'debug') return { kind: 'debugger-late', detail: end?.detail, shown }
  if (end !== undefined && end.kind !== 'closed') {
    if (threads.length === 0 && rejected.length > 0) return { kind: 'no-debugger', rejected }
    return { kind: 'debugger-died', detail: end.detail, shown }
  }
  if (threads.length === 0) return { kind: 'no-debugger', rejected }
  if (!shown.isNamed) return nothingNamed(facts)
  return lacks.length + losses.length === 0 ? { kind: 'complete', shown } : { kind: 'partial', shown, lacks, losses }
}

function shownIn(threads: readonly ReportThread[]): Shown {
  return {
    frames: threads.reduce((sum, thread) => sum + thread.frames.length, 0),
    threads: threads.length,
    isNamed: hasNamedFrame(threads),
  }
}

/** The reason why not a single frame has a name, the first that applies. */
function nothingNamed(facts: Facts): Reason {
  const { modules, threads, release, losses } = facts
  const program = modules.find((each) => each.module.kind === 'executable') ??
    modules.find(({ status }) => status !== 'not-applicable')
  const cutOff = losses.find((loss) => loss.kind === 'cut-off')
  const lacksStacks = losses.some((loss) => loss.kind === 'no-stacks')
  const isIdentified = program?.binary !== undefined || program?.module.buildId !== undefined
  if (cutOff !== undefined && (lacksStacks || !isIdentified)) return { kind: 'core-cut-off', loss: cutOff }
  const isWhole = (each: ResolvedModule | undefined) => each?.binary !== undefined && each.debug !== undefined
  // All frames can lie in libraries: then it is those that are missing, not the program.
  const used = threads.flatMap(({ frames }) => frames.flatMap((frame) => frame.module ?? []))
  const lacking = isWhole(program) ? used.find((each) => lackOf(each) !== undefined && !isWhole(each)) : program
  if (isWhole(program) && lacking === undefined) {
    const lacks = lacksOf(threads)
    return { kind: lacksStacks ? 'stacks-not-dumped' : 'frames-astray', lacks, losses }
  }
  if (release === undefined) return { kind: 'release-unknown' }
  const missing = {
    path: lacking?.module.path ?? '',
    why: whyMissing(lacking),
    tried: lacking?.tried ?? [],
    isNameable: lacking?.isNameable === true,
  }
  return { kind: lacking?.binary === undefined ? 'program-missing' : 'debuginfo-missing', ...missing }
}

function whyMissing(module: ResolvedModule | undefined): WhyMissing {
  if (module?.gone !== undefined) return 'gone'
  return module?.unfetched === undefined ? 'unknown' : 'unfetched'
}
