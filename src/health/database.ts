/** The database: whether it gives out task ids. */
import { isInPlace, OlderDatabase } from '../database/database.ts'
import { assertWritable } from '../database/upkeep.ts'
import { whyNotMade } from '../files/folder.ts'
import { errnoOf } from '../errors/errno.ts'
import { highestTaskId } from '../spool/task_ids.ts'
import type { Look } from './look.ts'

export const database: Look = {
  what: 'database',
  part: 'database',
  question(subject) {
    const file = subject.config.database
    try {
      const opened = subject.database()
      const why = opened === undefined ? whyNotMade(file) : undefined
      if (why !== undefined) {
        return { verdict: 'FAIL', text: 'RETRACE_DATABASE cannot be made', more: `${file}: ${why}` }
      }
      if (opened === undefined) return { verdict: 'ok', text: 'RETRACE_DATABASE will be made at start', more: file }
      if (!isInPlace(opened)) {
        const more = `restore ${file} from a backup, or start the server anew, which makes a new one`
        return { verdict: 'FAIL', text: 'RETRACE_DATABASE was deleted or moved while the server ran', more }
      }
      assertWritable(opened)
      highestTaskId(opened)
      return { verdict: 'ok', text: 'RETRACE_DATABASE can be written to', more: file }
    } catch (cause) {
      if (cause instanceof OlderDatabase) {
        return {
          verdict: 'ok',
          text: 'RETRACE_DATABASE is of an older version, and will be migrated at start',
          more: file,
        }
      }
      const code = errnoOf(cause)
      // Somebody else is writing just now, so it can be written to.
      if (code === 'SQLITE_BUSY') return { verdict: 'ok', text: 'RETRACE_DATABASE is being written to', more: file }
      const more = `${file}: ${cause instanceof Error ? cause.message : cause}`
      return { verdict: 'FAIL', text: `RETRACE_DATABASE cannot be used${code === undefined ? '' : ` (${code})`}`, more }
    }
  },
}
