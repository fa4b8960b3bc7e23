/**
 * How a task can end: the closed list of codes, and the closed list of things to do about it with the sentence of each.
 * Pure. Who decides on a code chooses among these; nobody else has advice.
 */
export const OUTCOME_CODES = [
  'ok',
  'ok-partial',
  'core-not-elf',
  'core-packed',
  'core-foreign',
  'core-truncated',
  'core-unsupported-arch',
  'core-empty',
  'release-unknown',
  'package-not-found',
  'package-gone-upstream',
  'debuginfo-missing',
  'fetch-failed',
  'fetch-timeout',
  'debugger-failed',
  'debugger-timeout',
  'out-of-memory',
  'killed',
  'database-unavailable',
  'server-unfit',
  'disk-full',
  'internal',
] as const
export type OutcomeCode = (typeof OUTCOME_CODES)[number]

const EARLY: ReadonlySet<string> = new Set<OutcomeCode>([
  'fetch-timeout',
  'debugger-failed',
  'debugger-timeout',
  'out-of-memory',
  'killed',
  'server-unfit',
  'disk-full',
  'internal',
])

/** Whether a run that ended so would have found more, had it come to its end. Any text may be asked. */
export function endedEarly(code: string): boolean {
  return EARLY.has(code)
}

/** Exit code of a worker whose end a full disk did not take: the server writes it once there is room. */
export const EXIT_DISK_FULL = 4

/** What a person can do: for each code what is best as long as no more is known, and what helps in special cases. */
export type Advice =
  | OutcomeCode
  | 'name-packages'
  | 'raise-backtrace-limit'
  | 'see-rest-in-debugger'
  | 'report-damage'

const SENTENCES: Readonly<Record<Advice, string>> = {
  'ok': 'Nothing is missing.',
  'ok-partial': 'Ask the administrator to add what is missing to the package repository, then send the core again.',
  'core-not-elf':
    'Send the core as the kernel wrote it (coredumpctl dump decompresses it), not a report or an archive.',
  'core-packed': 'Take the core out of what it is packed in, and send that.',
  'core-foreign': 'Use the debugger of the system that crashed; this server retraces processes of Linux.',
  'core-truncated':
    'Raise the limit on core size (ulimit -c unlimited, ProcessSizeMax= of coredump.conf) and crash again.',
  'core-unsupported-arch': 'Use a debugger on the machine that crashed; this server does not know its architecture.',
  'core-empty': 'Send the core of a process; this one holds no thread.',
  'release-unknown': 'Ask the administrator to add this release to the package repository, then send the core again.',
  'package-not-found': 'Ask the administrator to add the package to the repository, or crash with a packaged version.',
  'package-gone-upstream': 'Update the package and send the core of the next crash; this version can be had no more.',
  'debuginfo-missing': 'Ask the administrator to add the repository with debuginfo, then send the core again.',
  'fetch-failed': 'Send the core again later. Should it repeat, tell the administrator, with the log of this task.',
  'fetch-timeout':
    'Send the core again: what has been fetched by now is kept. Should it repeat, tell the administrator.',
  'debugger-failed': 'Tell the administrator, with the log of this task.',
  'debugger-timeout':
    'Send the core again when the server is less busy, or ask the administrator to raise RETRACE_TASK_TIMEOUT_S.',
  'out-of-memory': 'Ask the administrator to raise RETRACE_TASK_MEMORY_MB, then send the core again.',
  'killed': 'Send the core again. Should it repeat, tell the administrator, with the number of this task.',
  'database-unavailable':
    'Ask the administrator to run abrt-retrace-server --check and to restore the database, then send the core again.',
  'server-unfit': 'Ask the administrator to run abrt-retrace-server --check, then send the core again.',
  'disk-full':
    'Ask the administrator to make room on the disk (abrt-retrace-server --check), then send the core again.',
  'internal': 'Tell the administrator, with the log of this task.',
  'name-packages': 'Name exactly the packages of the crashed system: without a build-id nothing else tells.',
  'report-damage':
    'Tell the makers of the package that its files are damaged, or not all there; nothing here can mend that.',
  'raise-backtrace-limit': 'Ask the administrator to raise RETRACE_MAX_BACKTRACE_KB to have all of the text.',
  'see-rest-in-debugger':
    'No package can add what is missing in the stacks; a debugger on the core itself may show more.',
}

/** What status, log and JSON show of an ended task: a code of the list, what happened, and what to do. */
export interface Outcome {
  readonly code: OutcomeCode
  readonly summary: string
  readonly next_step: string
}

/** The sentences of some advice, in its order. */
export function adviceText(advice: readonly Advice[]): string {
  return advice.map((each) => SENTENCES[each]).join(' ')
}
