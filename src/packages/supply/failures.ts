/**
 * Failures that are remembered, the table `fetch_failure`: with their kind and an expiry, so that one dead mirror does
 * not cost every task its time limit. Subjects are `package:ID` and `host:NAME`.
 */
import { eq } from 'drizzle-orm'
import { fetchFailure } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { FetchError, REMEMBERED_S } from '../format/error.ts'
import { unixSeconds } from '../../units/time.ts'

/** Throws the remembered failure of a subject, unless it has expired. */
export function assertNotFailed(database: Database, subject: string): void {
  const row = database.select().from(fetchFailure).where(eq(fetchFailure.subject, subject)).get()
  const seconds = row === undefined ? 0 : row.until - unixSeconds()
  if (row === undefined || seconds <= 0) return
  throw new FetchError(row.kind, `${row.message} (tried before; again in ${seconds} s)`, {
    isHost: subject.startsWith('host:'),
  })
}

/** Remembers a failure for as long as its kind says; a full disk not at all. */
export function rememberFailure(database: Database, subject: string, { kind, message }: FetchError): void {
  if (kind === 'no-space') return
  const failure = { kind, message: message.slice(0, 1000), until: unixSeconds() + REMEMBERED_S[kind] }
  database.insert(fetchFailure).values({ subject, ...failure })
    .onConflictDoUpdate({ target: fetchFailure.subject, set: failure }).run()
}

/** Forgets the failure of a subject, which works again. */
export function forgetFailure(database: Database, subject: string): void {
  database.delete(fetchFailure).where(eq(fetchFailure.subject, subject)).run()
}
