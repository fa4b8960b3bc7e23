/** What a format is given to sync a repository and to verify a package: a folder, and files from the repository's hosts. */

import type { Checksums } from './checksums.ts'

/** What a format needs from whoever calls it. */
export interface SyncContext {
  /** A folder of this run, for what is downloaded; removed by the caller. */
  folder: string
  signal: AbortSignal
  /** Milliseconds after which no further mirror is asked for one file. */
  mirrorsMs: number
  /** Date of the newest generation that was accepted; a mirror that has an older one is passed over for the next. */
  newest?: number
  /** Unix seconds: what is dated later was signed by a clock that is ahead; a mirror that has it is passed over. */
  notAfter?: number
  /** What suites of this run have told of the releases that others of theirs feed; in a format's own words. */
  learnt?: Map<string, string>
  warn(message: string): void
  /** Downloads over the repository's connection, verifies, tries again, and resumes. Throws FetchError. */
  download(address: string, request: DownloadRequest): Promise<Downloaded>
  /** A small file that every sync asks for, as it is now: one request, which moves nothing when nothing has changed. */
  refresh(address: string, maxSize: number): Promise<Refreshed>
  /** Files below this file:// address, which a list of this machine names, may be read as those of the repository's own. */
  owns(address: string): void
  /** The file that refresh().keep() kept of an address; undefined: none. */
  kept(address: string): string | undefined
}

/** Whether a date is none for which the caller will refuse what has it. Such a thing is not kept, but asked for anew. */
export function isCurrent(date: number, { newest = 0, notAfter = Infinity }: SyncContext): boolean {
  return date >= newest && date <= notAfter
}

export interface Refreshed {
  /** The caller verifies and reads it whether it is new or not. */
  file: string
  /** The same as what was kept the last time. */
  isUnchanged: boolean
  /** Keeps it for the next sync: to be called once it was verified. */
  keep(): Promise<void>
}

export interface DownloadRequest {
  /** Where the bytes go. With `checksums`, bytes that are there already count as the beginning of the file. */
  file: string
  /** Bytes expected, exactly. */
  size?: number
  /** Bytes allowed at most, where the size is not known. */
  maxSize?: number
  /** Those that the whole must have, all of them. */
  checksums?: Checksums
}

export interface Downloaded {
  size: number
  sha256: string
}
