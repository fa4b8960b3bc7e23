/**
 * What differs between package formats, behind one interface: how repositories are configured, how an index is
 * verified and read, how a package is opened. A format is a folder beside this one; `formats.ts` lists them.
 * Everything else (index, fetching, keeping, resolving) knows no format.
 */
import type { HostRepositories } from './host.ts'
import type { IndexEntry } from './index_entry.ts'
import type { Member } from './member.ts'
import type { PackageNaming } from './naming.ts'
import type { ASPECTS, RepositorySpec } from './repository_spec.ts'
import type { IndexSelection, SignedSuite } from './suite.ts'
import type { SyncContext } from './sync_context.ts'

/** What a configuration file says. */
export interface Configured {
  repositories: RepositorySpec[]
  warnings: string[]
  /** Sentences, with file and line, on stanzas or sections that cannot be read, each of which costs only itself. */
  faults: string[]
}

export interface PackageFormat extends PackageNaming {
  /** What its configuration files call each aspect in which two stanzas for one suite must agree. */
  aspects: Readonly<Record<(typeof ASPECTS)[number], string>>
  /** Reads a configuration file. Throws UsageError with file and line where nothing of it can be read. */
  configuration(file: string, text: string): Configured
  /** Files of the distribution's own tools that are not read here: what an administrator should do about one. */
  unread?: { extension: string; advice(file: string, text: string): string[] }
  /** What the distribution's own tools mirror, as a first configuration. */
  host?: HostRepositories
  /** An architecture of a repository as ids of releases have it; without it: as the distribution is known to call it. */
  releaseArchitecture?(architecture: string): string
  /** Fetches and verifies what a suite says about itself: one request when nothing has changed. */
  suite(repository: RepositorySpec, context: SyncContext): Promise<SignedSuite>
  /** Fetches, verifies and reads the indices that `suite.indices` named. */
  read(
    repository: RepositorySpec,
    selection: IndexSelection,
    context: SyncContext,
  ): AsyncIterable<IndexEntry[]>
  /** Where a path of a repository can be had, the best first; without it: below the repository's address. */
  addresses?(repository: RepositorySpec, path: string, context: SyncContext): Promise<string[]>
  /** Checks a package beyond its checksum in the index, before anything opens it. Throws FetchError. */
  verify?(file: string, repository: RepositorySpec, context: SyncContext): Promise<void>
  /** The members of a package file whose checksum was verified. */
  members(file: string, signal: AbortSignal): AsyncIterable<Member>
}
