/**
 * One server per installation: a second one would take the uploads of the first for left-overs and run its tasks again.
 * The lock is SQLite's, on a file beside the database: the system gives it back when the process ends, however it does.
 */
import Sqlite from 'better-sqlite3'
import type { Config } from '../config.ts'
import { UsageError } from '../program.ts'

/** Takes the lock until it is disposed. Throws UsageError when another server has it. */
export function takeLock(config: Pick<Config, 'database'>): Disposable {
  const client = new Sqlite(`${config.database}.lock`, { timeout: 0 })
  try {
    client.pragma('journal_mode = MEMORY')
    client.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    client.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    throw new UsageError('Another server runs with this RETRACE_DATABASE; stop it first, or give this one its own', {
      cause,
    })
  }
  return {
    [Symbol.dispose]() {
      client.close()
    },
  }
}
