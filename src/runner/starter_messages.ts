/** What the server's thread and the one that starts workers say to each other; `key` is the worker's, in the order of starts. */
import type { CarriedError } from '../process/carried_error.ts'
import type { WorkerWish } from './worker_process.ts'

/** `log`: an open file, which is the sender's until `started` or `ended` has come. */
export type ToStarter =
  | { kind: 'start'; key: number; log: number; wish: WorkerWish }
  | { kind: 'assign'; key: number; directory: string }
  | { kind: 'kill'; key: number }

export type FromStarter =
  | { kind: 'started'; key: number; pid: number | undefined }
  | { kind: 'ended'; key: number; code: number | null; signal: string | null; error: CarriedError | undefined }
