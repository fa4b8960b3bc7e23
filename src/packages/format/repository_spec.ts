/** What an administrator's file says of one repository, and in what two of them must agree. */
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

/** In what two stanzas for the same suite must agree. */
export const ASPECTS = ['release', 'signedBy', 'fetch', 'superseded', 'checkValidUntil', 'connection', 'own'] as const
