/** The database: whether it gives out task ids. */
import type { Database } from '../database/database.ts'
import { errnoOf } from '../errors/errno.ts'
import type { Look } from './look.ts'

export const database: Look = {
  what: 'database',
  part: 'database',
  question(subject) {
    const file = subject.config.database
    try {
      const opened = subject.database()
      if (opened === undefined) return { verdict: 'ok', text: 'RETRACE_DATABASE will be made at start', more: file }
      tryToWrite(opened)
      return { verdict: 'ok', text: 'RETRACE_DATABASE can be written to', more: file }
    } catch (cause) {
      const code = errnoOf(cause)
      // Somebody else is writing just now, so it can be written to.
      if (code === 'SQLITE_BUSY') return { verdict: 'ok', text: 'RETRACE_DATABASE is being written to', more: file }
      const more = `${file}: ${cause instanceof Error ? cause.message : cause}`
      return { verdict: 'FAIL', text: `RETRACE_DATABASE cannot be used${code === undefined ? '' : ` (${code})`}`, more }
    }
  },
}

/** A lock for writing, given back at once: a database that can only be read gives out no task id. */
function tryToWrite({ $client: client }: Database): void {
  const patience = client.pragma('busy_timeout', { simple: true })
  try {
    client.pragma('busy_timeout = 200')
    client.exec('BEGIN IMMEDIATE; ROLLBACK')
    client.prepare('SELECT max(id) FROM task_id').get()
  } finally {
    client.pragma(`busy_timeout = ${Number(patience)}`)
  }
}
