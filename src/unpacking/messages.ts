/** What the server's thread and one that unpacks say to each other, over a port for each upload. */
import type { Config } from '../config/config.ts'
import type { DecompressOptions } from '../upload/decompress.ts'
import type { UploadPlan } from '../upload/headers.ts'
import type { UnpackLimits } from '../upload/limits.ts'
import type { CarriedError } from '../process/carried_error.ts'

/** An upload to be unpacked. */
export interface Job {
  plan: UploadPlan
  /** Of the draft. */
  directory: string
  config: UnpackLimits & Pick<Config, 'minFreeMb'>
  programs: DecompressOptions | undefined
  /** Bytes of the disk that it may take without asking. */
  room: number
}

/** `broken`: the body ended before its end, by a failure that its reader knows. `room`: the answer to `more`. */
export type ToUnpack =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'end' }
  | { kind: 'broken' }
  | { kind: 'room'; bytes: number }

/** How an upload ended in its thread. */
export interface Over {
  kind: 'over'
  /** 'body': what `broken` told. */
  failure?: CarriedError | 'body' | undefined
  /** Bytes of its room that have been written and were not told yet, and that were not needed. */
  settled: number
  left: number
}

/** `core`: it begins. `taken`: so many bytes make room for others. */
export type FromUnpack =
  | { kind: 'core' }
  | { kind: 'taken'; bytes: number }
  | { kind: 'more'; wanted: number }
  | { kind: 'settled'; bytes: number }
  | Over
