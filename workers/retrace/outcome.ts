/**
 * How a task ended: a closed list of codes, each with a sentence on what happened and one on what to do. Pure. Owns the
 * choice among them; refuses 'failed' without a reason.
 */
import type { Core } from '../../src/elf/core.ts'
import type { ElfErrorCode } from '../../src/elf/error.ts'
import { type Advice, adviceText, type Outcome, type OutcomeCode } from '../../src/task/outcome.ts'
import { escapeText } from '../../src/text/escape.ts'
import type { SessionEnd } from './gdb/session.ts'
import type { ReportThread } from './report/frames.ts'
import { cutSentence } from './report/lacking_memory.ts'
import { BY_PATH, lackOf } from './report/modules.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/** Characters of a summary: names in it can be long. */
const MAX_SUMMARY = 1000

/** `summary` may hold names out of the core: it becomes a line. */
export function outcome(code: OutcomeCode, summary: string, advice: readonly Advice[] = [code]): Outcome {
  return { code, summary: escapeText(summary, { length: MAX_SUMMARY }), next_step: adviceText(advice) }
}

const CORE_ERRORS: Readonly<Record<ElfErrorCode, OutcomeCode>> = {
  'not-elf': 'core-not-elf',
  'not-core': 'core-not-elf',
  'unsupported': 'core-unsupported-arch',
  'malformed': 'core-not-elf',
  'truncated': 'core-truncated',
}

/** A core that could not be read at all. */
export function coreOutcome(code: ElfErrorCode, message: string): Outcome {
  return outcome(CORE_ERRORS[code], `The core cannot be read: ${message}.`)
}

/** A core that was read, and holds nothing that a debugger could use; undefined for all others. */
export function unusableCore(core: Core): Outcome | undefined {
  if (core.architecture === undefined) {
    const { class: bits, machine, littleEndian } = core.ident
    const order = littleEndian ? 'little-endian' : 'big-endian'
    return outcome(
      'core-unsupported-arch',
      `The core is of an unknown machine (e_machine ${machine}, ${bits} bits, ${order}).`,
    )
  }
  if (core.threads.length > 0) return undefined
  return core.truncated === undefined ? outcome('core-empty', 'The core holds no thread.') : outcome(
    'core-truncated',
    `The core is cut off before its threads: ${core.truncated.missingBytes} bytes are missing.`,
  )
}

export interface Facts {
  readonly core: Core
  readonly modules: readonly ResolvedModule[]
  readonly release: string | undefined
  readonly threads: readonly ReportThread[]
  /** Why gdb ended early, and on engines that did not understand the core. */
  readonly end: SessionEnd | undefined
  readonly rejected: readonly string[]
  /** The deadline came while packages were fetched, or while gdb was asked. */
  readonly ranOutOfTime: 'fetch' | 'debug' | undefined
  /** What the backtrace lacks although the modules are here: parts of the core, frames over a limit. */
  readonly losses: readonly string[]
}

/** Whether there is anything to show: one frame with the name of a function is enough. */
export function hasNamedFrame(threads: readonly ReportThread[]): boolean {
  return threads.some((thread) => thread.frames.some((frame) => frame.function !== undefined))
}

export function decideOutcome(facts: Facts): Outcome {
  const { threads, end, ranOutOfTime, rejected } = facts
  const frames = threads.reduce((sum, thread) => sum + thread.frames.length, 0)
  const came = hasNamedFrame(threads)
    ? `What came before is here: ${frames} frames of ${threads.length} threads.`
    : 'No frame has a name.'
  if (end?.kind === 'memory') return outcome('out-of-memory', `The debugger was stopped: ${end.detail}. ${came}`)
  const isComplete = hasNamedFrame(threads) && lacksOf(threads).length === 0
  if (ranOutOfTime === 'fetch' && !isComplete) {
    return outcome('fetch-timeout', `Fetching packages took too long. ${came}`)
  }
  if (end?.kind === 'timeout' || ranOutOfTime === 'debug') {
    return outcome('debugger-timeout', `The debugger ran out of time${end ? `: ${end.detail}` : ''}. ${came}`)
  }
  if (end !== undefined && end.kind !== 'closed') {
    return outcome('debugger-failed', `The debugger stopped: ${end.detail}. ${came}`)
  }
  if (threads.length === 0) {
    return outcome(
      'debugger-failed',
      rejected.length > 0 ? `${rejected.join('. ')}.` : 'There is no debugger for this core.',
    )
  }
  return hasNamedFrame(threads) ? success(facts, frames) : nothingNamed(facts)
}

/** What the modules lack in which there is a frame. */
function lacksOf(threads: readonly ReportThread[]): string[] {
  const used = new Set(threads.flatMap((thread) => thread.frames.flatMap((frame) => frame.module ?? [])))
  return [...used].flatMap((module) => lackOf(module) ?? [])
}

function success({ threads, losses }: Facts, frames: number): Outcome {
  const lacks = lacksOf(threads)
  const summary = `${frames} frames of ${threads.length} ${threads.length === 1 ? 'thread' : 'threads'}`
  if (lacks.length === 0 && losses.length === 0) return outcome('ok', `${summary}, complete.`)
  const shown = [...lacks.slice(0, 8), ...(lacks.length > 8 ? [`${lacks.length - 8} more modules`] : []), ...losses]
  const advice = [...adviceOnLacks(lacks), ...adviceOn(losses)]
  return outcome('ok-partial', `${summary}. Missing: ${shown.join('; ')}.`, advice)
}

function adviceOnLacks(lacks: readonly string[]): Advice[] {
  const byPath = lacks.filter((lack) => lack.endsWith(BY_PATH)).length
  return [
    ...(lacks.length > byPath ? ['ok-partial' as const] : []),
    ...(byPath > 0 ? ['name-packages' as const] : []),
  ]
}

function adviceOn(losses: readonly string[]): Advice[] {
  const advice: Advice[] = []
  if (losses.some((loss) => loss.startsWith('the core'))) advice.push('core-truncated')
  if (losses.some((loss) => !loss.startsWith('the core'))) advice.push('raise-backtrace-limit')
  return advice
}

/** The reason why not a single frame has a name, the first that applies. */
function nothingNamed({ core, modules, release, losses }: Facts): Outcome {
  const program = modules.find((each) => each.module.kind === 'executable') ?? modules[0]
  const cutOff = cutSentence(core)
  if (cutOff !== undefined) return outcome('core-truncated', `${cutOff[0]?.toUpperCase()}${cutOff.slice(1)}.`)
  if (program !== undefined && program.binary !== undefined && program.debug !== undefined) {
    return outcome(
      'core-truncated',
      `The core does not hold its threads' stacks${losses.length ? `: ${losses.join('; ')}` : ''}.`,
    )
  }
  if (release === undefined) {
    return outcome(
      'release-unknown',
      'Neither the core nor its sender tells which release it comes from, and no build-id is known here.',
    )
  }
  if (program?.binary === undefined) {
    const tried = program?.tried.join('; ') || 'no package here has it'
    const code = whyNotFetched(program) ?? 'package-not-found'
    return outcome(code, `${program?.module.path || 'The program'} was not found: ${tried}.`)
  }
  const tried = program.tried.length === 0 ? '' : `: ${program.tried.join('; ')}`
  const code = whyNotFetched(program) ?? 'debuginfo-missing'
  return outcome(code, `The debuginfo of ${program.module.path || 'the program'} is missing${tried}.`)
}

function whyNotFetched(module: ResolvedModule | undefined): OutcomeCode | undefined {
  if (module?.gone !== undefined) return 'package-gone-upstream'
  return module?.unfetched === undefined ? undefined : 'fetch-failed'
}
