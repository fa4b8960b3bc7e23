/** The database file: its write-ahead log is emptied, and the file is rewritten when much of it is free. */
import { statSync } from 'node:fs'
import { errnoOf } from '../../src/errors/errno.ts'
import type { Database } from '../../src/database/database.ts'
import { emptyLog, fileOf, pagesOf, vacuum } from '../../src/database/upkeep.ts'
import { log } from '../../src/telemetry/log.ts'
import { MIB } from '../../src/units/bytes.ts'

/** Rewriting costs the whole file once: only for at least this much, and for at least this share of it. */
const WORTH_BYTES = 16 * MIB
const WORTH_SHARE = 0.25

/** Whether a file of so many pages, so many of them free, is worth rewriting. */
export function isWorthVacuum({ pages, free, pageSize }: { pages: number; free: number; pageSize: number }): boolean {
  return free * pageSize >= WORTH_BYTES && free >= pages * WORTH_SHARE
}

/**
 * Bytes that the database became smaller by; 0 when others are in the middle of their work. Its log does not count: it grows
 * and is emptied beside a server that runs, and nobody has to be told.
 */
export function compactDatabase(database: Database): number {
  const file = fileOf(database)
  let before = 0
  try {
    emptyLog(database)
    before = bytesOf(file)
    if (!isWorthVacuum(pagesOf(database))) return 0
    vacuum(database)
    emptyLog(database)
  } catch (cause) {
    // A long transaction, a sync for example, has the database: the next clean-up will find it free.
    if (errnoOf(cause) !== 'SQLITE_BUSY') throw cause
    log('clean').debug('The database is in use, so it is not compacted this time')
  }
  return Math.max(0, before - bytesOf(file))
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
