/**
 * The code of the closed list and the advice that a reason calls for. Pure. It sees no sentences: how something is
 * worded changes neither.
 */
import type { ElfErrorCode } from '../../../src/elf/error.ts'
import type { Advice, OutcomeCode } from '../../../src/task/outcome.ts'
import type { Lack, LackKind } from './lack.ts'
import type { Cause } from '../gdb/thread_record.ts'
import type { Loss, WhyAbsent } from './loss.ts'
import type { Reason, WhyMissing } from './reason.ts'

export interface Judgement {
  readonly code: OutcomeCode
  readonly advice: readonly Advice[]
}

const UNREADABLE: Readonly<Record<ElfErrorCode, OutcomeCode>> = {
  'not-elf': 'core-not-elf',
  'packed': 'core-packed',
  'foreign': 'core-foreign',
  'not-core': 'core-not-elf',
  'unsupported': 'core-unsupported-arch',
  'malformed': 'core-not-elf',
  'truncated': 'core-truncated',
}

const MISSING: Readonly<Record<Exclude<WhyMissing, 'unknown'>, OutcomeCode>> = {
  gone: 'package-gone-upstream',
  unfetched: 'fetch-failed',
}

const OTHERS = {
  'complete': 'ok',
  'unknown-machine': 'core-unsupported-arch',
  'no-threads': 'core-empty',
  'cut-before-threads': 'core-truncated',
  'out-of-memory': 'out-of-memory',
  'fetching-late': 'fetch-timeout',
  'debugger-late': 'debugger-timeout',
  'debugger-died': 'debugger-failed',
  'no-debugger': 'debugger-failed',
  'core-cut-off': 'core-truncated',
  'stacks-not-dumped': 'core-truncated',
  'frames-astray': 'debugger-failed',
  'release-unknown': 'release-unknown',
  'server-unfit': 'server-unfit',
  'disk-full': 'disk-full',
  'no-database': 'database-unavailable',
  'worker-failed': 'internal',
  'core-not-read': 'internal',
} as const satisfies Partial<Record<Reason['kind'], OutcomeCode>>

export function judge(reason: Reason): Judgement {
  if (reason.kind === 'partial') return { code: 'ok-partial', advice: adviceOn(reason) }
  const code = codeOf(reason)
  if (reason.kind === 'frames-astray' || reason.kind === 'stacks-not-dumped') {
    const rest = reason.kind === 'frames-astray' ? 'see-rest-in-debugger' as const : code
    return { code, advice: [...adviceOn({ lacks: reason.lacks, losses: [] }), rest] }
  }
  return { code, advice: 'isNameable' in reason && reason.isNameable ? ['name-packages'] : [code] }
}

function codeOf(reason: Exclude<Reason, { kind: 'partial' }>): OutcomeCode {
  switch (reason.kind) {
    case 'unreadable':
      return UNREADABLE[reason.code]
    case 'program-missing':
      return reason.why === 'unknown' ? 'package-not-found' : MISSING[reason.why]
    case 'debuginfo-missing':
      return reason.why === 'unknown' ? 'debuginfo-missing' : MISSING[reason.why]
    default:
      return OTHERS[reason.kind]
  }
}

const ON_LACK: Readonly<Record<LackKind, Advice>> = {
  'not-found': 'ok-partial',
  'other-builds': 'ok-partial',
  'no-debuginfo': 'ok-partial',
  'no-dwz-file': 'ok-partial',
  'unreadable': 'report-damage',
  'damaged': 'report-damage',
  'no-split-files': 'report-damage',
  'by-path': 'name-packages',
}

/** What gdb was asked and did not say. */
type LossOfCause = 'no-frames' | 'no-thread-values' | 'no-detail'
const ON_CAUSE: Readonly<Record<Cause, Advice>> = {
  ended: 'debugger-failed',
  memory: 'out-of-memory',
  overflow: 'see-rest-in-debugger',
  hung: 'debugger-failed',
  failed: 'debugger-failed',
  spared: 'debugger-failed',
}

const ON_LOSS: Readonly<Record<Exclude<Loss['kind'], 'no-threads' | LossOfCause>, Advice>> = {
  'cut-off': 'core-truncated',
  'no-stacks': 'core-truncated',
  'no-values': 'raise-backtrace-limit',
  'longer-stacks': 'see-rest-in-debugger',
  'broken-stacks': 'see-rest-in-debugger',
  'stopped-stacks': 'see-rest-in-debugger',
  'untold-ends': 'see-rest-in-debugger',
  'outside-files': 'see-rest-in-debugger',
  'nowhere': 'see-rest-in-debugger',
  'at-zero': 'see-rest-in-debugger',
  'nameless': 'see-rest-in-debugger',
  'guessed': 'see-rest-in-debugger',
  'no-single-values': 'debugger-failed',
}

const ON_ABSENT: Readonly<Record<WhyAbsent, Advice>> = {
  'text-full': 'raise-backtrace-limit',
  'late': 'debugger-timeout',
  'debugger-ended': 'debugger-failed',
  'unanswered': 'debugger-failed',
}

/** First what helps with most modules; each piece of advice once. */
const ORDER: readonly Advice[] = [
  'ok-partial',
  'report-damage',
  'name-packages',
  'core-truncated',
  'raise-backtrace-limit',
  'out-of-memory',
  'debugger-timeout',
  'debugger-failed',
  'see-rest-in-debugger',
]

function adviceOn({ lacks, losses }: { lacks: readonly Lack[]; losses: readonly Loss[] }): Advice[] {
  const wanted = new Set([...lacks.flatMap(adviceOnLack), ...losses.map(adviceOnLoss)])
  return ORDER.filter((advice) => wanted.has(advice))
}

function adviceOnLack({ kind, isNameable, isUnproven }: Lack): Advice[] {
  if (isNameable) return ['name-packages']
  return isUnproven ? ['name-packages', ON_LACK[kind]] : [ON_LACK[kind]]
}

function adviceOnLoss(loss: Loss): Advice {
  if (loss.kind === 'no-threads') return ON_ABSENT[loss.why]
  if ('cause' in loss) return ON_CAUSE[loss.cause]
  if (loss.kind === 'untold-ends' && !loss.hasDebuginfo) return 'ok-partial'
  return ON_LOSS[loss.kind]
}
