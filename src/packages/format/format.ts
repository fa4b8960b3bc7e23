/**
 * What differs between package formats, behind one interface: how repositories are configured, how an index is
 * verified and read, how a package is opened. A format is a folder beside this file; `formats.ts` lists them.
 * Everything else (index, fetching, keeping, resolving) knows no format.
 */
import type { PackageNaming } from './naming.ts'

/** One stanza of an administrator's file, for one address and suite: what to mirror, and whom to trust. */
export interface RepositorySpec {
  format: string
  /** Where it was configured: for messages. */
  file: string
  line: number
  /** With a trailing slash, without user and password: those are in `connection`. */
  uri: string
  suite: string
  components: string[]
  /** The distribution's names. */
  architectures: string[]
  /** Release id without architecture that it feeds; undefined: as its signed metadata says. */
  release: string | undefined
  signedBy: Trust
  connection: Connection
  fetch: 'on-demand' | 'full'
  superseded: 'keep' | 'one-week'
  checkValidUntil: boolean
  byHash: 'yes' | 'no' | 'force'
  /** Sentences on what is not verified, since the configuration says so: for every sync's log, and `--status`. */
  remarks?: string[]
  /** What only the format itself understands. */
  own?: unknown
}

/**
 * How a repository's hosts are reached, in the terms of every format. It is read from the configuration files whenever
 * a fetch begins, and lives no longer: what is secret in it stands in no database, log or message.
 */
export interface Connection {
  /** `http://[user:password@]host:port`; `direct`: none; undefined: as the environment says. */
  proxy: string | undefined
  /** Sent to the repository's own origin, and nowhere else. */
  credentials: Credentials | undefined
  /** PEM files: authorities in place of the system's; the client's own certificate, and its key. */
  caFile: string | undefined
  certFile: string | undefined
  keyFile: string | undefined
  /** False: the host's certificate is not checked; signatures of what it sends always are. */
  verifiesHost: boolean
  /** Time until an answer, and silence within one, in place of the usual; undefined: the usual. */
  timeoutMs: number | undefined
}

export interface Credentials {
  user: string
  password: string
}

/** A repository whose configuration says nothing about connections. */
export const USUAL_CONNECTION: Connection = {
  proxy: undefined,
  credentials: undefined,
  caFile: undefined,
  certFile: undefined,
  keyFile: undefined,
  verifiesHost: true,
  timeoutMs: undefined,
}

/** Keys that may sign: key ring files, key texts (armoured), and fingerprints that narrow them; none: the default. */
export interface Trust {
  files: string[]
  inline: string[]
  /** Of keys that have to be fetched. */
  addresses?: string[]
  /** Upper-case hex of primary keys; empty: every key of the rings. */
  fingerprints: string[]
}

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

/** A verified description of a suite: nothing in it came from outside its signature. */
export interface SignedSuite {
  /** Release id without architecture that it says it is part of. */
  release: string
  /** Unix seconds at which it was made. */
  date: number
  validUntil: number | undefined
  /** The indices of a component and architecture; undefined when the suite has no such pair. */
  indices(component: string, architecture: string): SuiteIndices | undefined
}

/** Files of one component and architecture by SHA256. */
export interface SuiteIndices {
  /** What identifies their contents: equal to what was read last time means that there is nothing to do. */
  packagesSha256: string
  contentsSha256: string
  /** Bytes to download. */
  size: number
}

/** What is to be read of a suite: the indices of a component and architecture that have changed. */
export interface IndexSelection {
  suite: SignedSuite
  component: string
  architecture: string
  packages: boolean
  contents: boolean
}

/** What a format needs from whoever calls it. */
export interface SyncContext {
  /** A folder of this run, for what is downloaded; removed by the caller. */
  folder: string
  signal: AbortSignal
  /** Date of the newest generation that was accepted; a mirror that has an older one is passed over for the next. */
  newest?: number
  warn(message: string): void
  /** Downloads over the repository's connection, verifies, tries again, and resumes. Throws FetchError. */
  download(address: string, request: DownloadRequest): Promise<Downloaded>
  /** A small file that every sync asks for, as it is now: one request, which moves nothing when nothing has changed. */
  refresh(address: string, maxSize: number): Promise<Refreshed>
  /** The file that refresh().keep() kept of an address; undefined: none. */
  kept(address: string): string | undefined
}

export interface Refreshed {
  /** To be verified and read, whether it is new or not. */
  file: string
  /** It is what was kept the last time. */
  isUnchanged: boolean
  /** Keeps it for the next sync: to be called once it was verified. */
  keep(): Promise<void>
}

export interface DownloadRequest {
  /** Where the bytes go; what is there already is taken as the beginning of the file, when `sha256` will judge it. */
  file: string
  /** Bytes expected, exactly. */
  size?: number
  /** Bytes allowed at most, where the size is not known. */
  maxSize?: number
  /** Lower-case hex that the whole must have. */
  sha256?: string
}

export interface Downloaded {
  size: number
  sha256: string
}

/** A member of a package, in the package's order. `body` must be read or resumed before the next one comes. */
export interface Member {
  path: string
  type: 'file' | 'link' | 'symlink' | 'directory' | 'other'
  size: number
  /** Target of a link or symbolic link, as in the package. */
  target: string | undefined
  body: AsyncIterable<Uint8Array> & { resume(): unknown }
}

/** In what two stanzas for the same suite must agree. */
export const ASPECTS = ['release', 'signedBy', 'fetch', 'superseded', 'checkValidUntil', 'connection', 'own'] as const

export interface PackageFormat extends PackageNaming {
  /** Extension of its configuration files, with the dot. */
  extension: string
  /** What its configuration files call each of them. */
  aspects: Readonly<Record<(typeof ASPECTS)[number], string>>
  /** Reads a configuration file. Throws UsageError with file and line for what contradicts itself. */
  configuration(file: string, text: string): { repositories: RepositorySpec[]; warnings: string[] }
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
  /** What is checked on a package beside the checksum that its index has, before anything opens it. Throws FetchError. */
  verify?(file: string, repository: RepositorySpec, context: SyncContext): Promise<void>
  /** The members of a package file whose checksum was verified. */
  members(file: string, signal: AbortSignal): AsyncIterable<Member>
}
