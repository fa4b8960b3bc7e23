/**
 * Failures that are remembered in the database, with their kind and an expiry, so that one dead mirror does not cost
 * every task its time limit. Subjects are `package:ID` and `host:NAME`.
 */
import type { Database } from '../../database/database.ts'
import { FetchError, type FetchFailureKind, REMEMBERED_S } from '../format/error.ts'
import { unixSeconds } from '../../units/time.ts'

/** Throws the failure that is remembered of a subject, when it has not expired. */
export function assertNotFailed(database: Database, subject: string): void {
  const row = database.$client.prepare('SELECT kind, message, until FROM fetch_failure WHERE subject = ?').get(
    subject,
  ) as
    | { kind: FetchFailureKind; message: string; until: number }
    | undefined
  const seconds = row === undefined ? 0 : row.until - unixSeconds()
  if (row === undefined || seconds <= 0) return
  throw new FetchError(row.kind, `${row.message} (tried before; again in ${seconds} s)`, {
    isHost: subject.startsWith('host:'),
  })
}

/** Remembers a failure for as long as its kind says. */
export function rememberFailure(database: Database, subject: string, { kind, message }: FetchError): void {
  database.$client.prepare(
    `INSERT INTO fetch_failure (subject, kind, message, until) VALUES (:subject, :kind, :message, :until)
     ON CONFLICT DO UPDATE SET kind = :kind, message = :message, until = :until`,
  ).run({ subject, kind, message: message.slice(0, 1000), until: unixSeconds() + REMEMBERED_S[kind] })
}

/** It works again. */
export function forgetFailure(database: Database, subject: string): void {
  database.$client.prepare('DELETE FROM fetch_failure WHERE subject = ?').run(subject)
}
