/** What an index says: packages, paths and build-ids, checked by the format that read it. */

/** A package as an index describes it. Every field was checked: names, versions and paths are safe to use as such. */
export interface IndexedPackage {
  name: string
  version: string
  architecture: string
  source: string
  sourceVersion: string
  isDebug: boolean
  size: number
  /** Lower-case hex. */
  sha256: string
  /** Below the repository's address. */
  path: string
  /** Lower-case hex of the debuginfo that it holds, when the index says. */
  buildIds: string[]
}

/** What reading an index yields, in any order. */
export type IndexEntry =
  | { kind: 'package'; package: IndexedPackage }
  /** A package of this name, in whatever version, has a file at this path (normal form). */
  | { kind: 'path'; path: string; name: string }
  /**
   * A package of this name, in the version that this index has, holds this build-id; the very package of `sha256`
   * where the index says so.
   */
  | { kind: 'build-id'; buildId: string; name: string; role: 'code' | 'debug'; sha256?: string }
