/**
 * The database file as a whole: whether it can be written to, and how much of it is free. Here SQLite is asked itself:
 * drizzle has no words for PRAGMA, VACUUM and a lock that is given back at once.
 */
import type { SqliteConnection } from './driver.ts'

/** A database, by its connection. */
interface Connected {
  $client: SqliteConnection
}

/**
 * Takes the lock for writing, changes nothing and gives it back; throws SQLite's error when that cannot be: SQLITE_BUSY
 * at once while somebody else writes, since this blocks the process. The lock alone does not tell: SQLite gives a reader
 * one of a file that it may only read. It writes nothing to the disk, so a full one is not found out here.
 */
export function assertWritable({ $client: client }: Connected): void {
  const patience = client.pragma('busy_timeout', { simple: true })
  const version = Number(client.pragma('user_version', { simple: true }))
  try {
    client.pragma('busy_timeout = 0')
    client.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${version}; ROLLBACK`)
  } finally {
    if (client.inTransaction) client.exec('ROLLBACK')
    client.pragma(`busy_timeout = ${Number(patience)}`)
  }
}

/** The file, absolute. */
export function fileOf({ $client: client }: Connected): string {
  return client.name
}

/** Pages of the file, of those the free ones, and bytes of each. */
export function pagesOf({ $client: client }: Connected): { pages: number; free: number; pageSize: number } {
  const number = (name: string) => Number(client.pragma(name, { simple: true }))
  return { pages: number('page_count'), free: number('freelist_count'), pageSize: number('page_size') }
}

/** Rewrites the file without its free pages, synchronously: as long as copying the file takes. */
export function vacuum({ $client: client }: Connected): void {
  client.exec('VACUUM')
}

/** Brings what is in the write-ahead log into the file, and empties the log. */
export function emptyLog({ $client: client }: Connected): void {
  client.pragma('wal_checkpoint(TRUNCATE)')
}
