/**
 * The names of the files in a task's directory, as a closed list (docs/architecture.md, 'A task's directory'): who
 * writes each, and what it means. A name that is not here is none of a task.
 */

/** What the client sent: the core, and what was said beside it (docs/http.md, 'POST /create'). */
const MEMBERS = [
  'coredump',
  'architecture',
  'release',
  'packages',
  'package',
  'executable',
  'os_release',
  'os_release_in_rootdir',
  'rootdir',
] as const
export type Member = (typeof MEMBERS)[number]

/**
 * What the server writes: which set of members came, who may ask, when the upload was complete and when its worker
 * began, and what that worker says while it works.
 */
export const SERVER_FILES = ['manifest', 'password', 'created', 'started', 'worker.log', 'rounds', 'memory'] as const

/** Results of runs after which more memory was wanted: folders, the last one the best (rounds.ts). */
export const ASIDES = ['aside-1', 'aside-2', 'aside-3'] as const
export type Aside = (typeof ASIDES)[number]

/** What there is between two runs of a task, and goes with its core: what is wanted, what came, and what is kept aside. */
export const ROUND_FILES = ['wanted', 'memory', ...ASIDES] as const

/** The worker's results, in the order in which they have to appear: the last one ends the task. */
export const RESULTS = [
  'modules.json',
  'backtrace.json',
  'backtrace.md',
  'backtrace',
  'exploitable',
  'outcome.json',
  'retrace-log',
] as const
export type Result = (typeof RESULTS)[number]

/** What is there while a worker works: its step, and a folder of links for a task that needs very many. */
export const WORKING_FILES = ['step', 'root'] as const

/** What a worker has to say to the administrator alone: the server moves it into its log. */
export const REMARKS = 'remarks'

/** A result as it is sent compressed, made when the first one asks for it; it may go at any time. */
export type CodedResult = `${Result}.${'gz' | 'zst'}`

export type TaskFile =
  | Member
  | (typeof SERVER_FILES)[number]
  | Result
  | (typeof WORKING_FILES)[number]
  | (typeof ROUND_FILES)[number]
  | typeof REMARKS
  | CodedResult
