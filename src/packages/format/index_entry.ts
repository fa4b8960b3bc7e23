/** What an index says: packages, paths and build-ids, checked by the format that read it. */
import type { Checksums } from './checksums.ts'

/** A package as an index describes it. Every field was checked: names, versions and paths are safe to use as such. */
export interface IndexedPackage {
  name: string
  version: string
  architecture: string
  source: string
  sourceVersion: string
  isDebug: boolean
  /** Bytes; 0: the index does not say. */
  size: number
  checksums: Checksums
  /** Below the repository's address. */
  path: string
  /** Lower-case hex of the debuginfo that it holds, when the index says. */
  buildIds: string[]
}

/** What reading an index yields, in any order. */
export type IndexEntry =
  | { kind: 'package'; package: IndexedPackage }
  /** A package that is not taken; `reason` is a sentence about it. */
  | { kind: 'left-out'; name: string; reason: string }
  /** A package of this name, in whatever version, has a file at this path (normal form). */
  | { kind: 'path'; path: string; name: string }
  /**
   * A package of this name, in the version that this index has, holds this build-id; the very package of this
   * identity (`checksums.ts`) where the index says so.
   */
  | { kind: 'build-id'; buildId: string; name: string; role: 'code' | 'debug'; identity?: string }
