/** Why a task ended as it did, as data: one case for each way. What is to be called what, and said, follows from it. */
import type { ElfErrorCode } from '../../../src/elf/error.ts'
import type { Lack } from './lack.ts'
import type { Loss } from './loss.ts'

/** What a debugger showed before it was over. */
export interface Shown {
  readonly frames: number
  readonly threads: number
  /** One frame has the name of a function: there is something to read. */
  readonly isNamed: boolean
}

/** Why files of a package are not here: it is gone upstream, it could not be fetched, or no index knows one. */
export type WhyMissing = 'gone' | 'unfetched' | 'unknown'

interface MissingFile {
  /** Of the program; empty where the core does not name it. */
  readonly path: string
  readonly why: WhyMissing
  /** Sentences on what was looked for. */
  readonly tried: readonly string[]
  /** The client could name the package, and did not: without a build-id nothing else leads to it. */
  readonly isNameable: boolean
}

/** `lacks`: of files that are here, which nothing proves to be the right ones, or that gdb cannot read. */
interface Doubtful {
  readonly lacks: readonly Lack[]
  readonly losses: readonly Loss[]
}

export type Reason =
  | { readonly kind: 'complete'; readonly shown: Shown }
  | {
    readonly kind: 'partial'
    readonly shown: Shown
    readonly lacks: readonly Lack[]
    readonly losses: readonly Loss[]
  }
  /** The file is no core that can be read. */
  | { readonly kind: 'unreadable'; readonly code: ElfErrorCode; readonly detail: string }
  | {
    readonly kind: 'unknown-machine'
    readonly machine: number
    readonly bits: number
    readonly littleEndian: boolean
  }
  | { readonly kind: 'no-threads' }
  | { readonly kind: 'cut-before-threads'; readonly missingBytes: bigint }
  /** gdb, or what stands for it. */
  | { readonly kind: 'out-of-memory'; readonly detail: string; readonly shown: Shown }
  | { readonly kind: 'fetching-late'; readonly shown: Shown }
  | { readonly kind: 'debugger-late'; readonly detail: string | undefined; readonly shown: Shown }
  | { readonly kind: 'debugger-died'; readonly detail: string; readonly shown: Shown }
  | { readonly kind: 'no-debugger'; readonly rejected: readonly string[] }
  /** Not one frame has a name, because: */
  | { readonly kind: 'core-cut-off'; readonly loss: Loss & { readonly kind: 'cut-off' } }
  | { readonly kind: 'stacks-not-dumped' } & Doubtful
  /** All files are here, but the stacks lead where no function is. */
  | { readonly kind: 'frames-astray' } & Doubtful
  | { readonly kind: 'release-unknown' }
  | { readonly kind: 'program-missing' } & MissingFile
  | { readonly kind: 'debuginfo-missing' } & MissingFile
  | { readonly kind: 'disk-full' }
  /** Something that the server needs is missing or broken, or the database is. */
  | { readonly kind: 'server-unfit'; readonly detail: string }
  | { readonly kind: 'no-database'; readonly detail: string }
  /** A mistake of ours. */
  | { readonly kind: 'worker-failed'; readonly detail: string }
  | { readonly kind: 'core-not-read' }
