/** What an administrator's file says about one repository, and what two stanzas must agree in. */
import type { Connection } from './connection.ts'
import type { Trust } from './trust.ts'

/** One stanza of an administrator's file, for one address and suite: what to mirror, and whom to trust. */
export interface RepositorySpec {
  format: string
  /** Where it was configured: for messages. */
  file: string
  line: number
  /** With a trailing slash, without user and password: those are in `connection`. */
  uri: string
  /** All addresses that the file itself names: mirrors, lists of such, keys; undefined: `uri`. */
  addresses?: readonly string[] | undefined
  suite: string
  components: string[]
  /** The distribution's names. */
  architectures: string[]
  /** Each architecture has a description and mirrors of its own, although address and suite may be the same. */
  isPerArchitecture?: boolean
  /** Release id without architecture that it feeds; undefined: as its signed metadata says. */
  release: string | undefined
  signedBy: Trust
  connection: Connection
  fetch: 'on-demand' | 'full'
  superseded: 'keep' | 'one-week'
  /** Where its sources can be read (source_url.ts). */
  sourceUrl?: string | undefined
  checkValidUntil: boolean
  byHash: 'yes' | 'no' | 'force'
  /** What the configuration leaves unverified, as sentences for the log of every sync and for `--status`. */
  remarks?: string[]
  /** What only the format itself understands. */
  own?: unknown
}

/** A component and architecture of a suite, as the index knows it. */
export interface KnownPlace {
  uri: string
  suite: string
  architecture: string
}

/** Whether a specification says how to reach what the index knows. */
export function isSpecOf(
  { uri, suite, architectures, isPerArchitecture = false }: RepositorySpec,
  known: KnownPlace,
): boolean {
  return uri === known.uri && suite === known.suite &&
    (!isPerArchitecture || architectures.includes(known.architecture))
}

/** In what two stanzas for the same suite must agree. */
export const ASPECTS = ['release', 'signedBy', 'fetch', 'superseded', 'checkValidUntil', 'connection', 'own'] as const
