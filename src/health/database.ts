/** The database: whether it gives out task ids. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  closeDatabase,
  type Database,
  isInPlace,
  mayOnlyBeRead,
  OlderDatabase,
  openDatabase,
  severalNames,
} from '../database/database.ts'
import { assertWritable } from '../database/upkeep.ts'
import { whyNotMade } from '../files/folder.ts'
import { adviceOnRefusal, whyNoFiles } from '../files/probe.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'
import { isServerRunning, lockNotOurs, lockOfDatabase } from '../spool/server_lock.ts'
import { highestTaskId } from '../spool/task_ids.ts'
import { count } from '../text/count.ts'
import type { Finding, Look, Subject } from './look.ts'

export const database: Look = {
  what: 'database',
  part: 'database',
  async question(subject) {
    const file = subject.config.database
    try {
      const found = await judge(subject, file)
      busySince.delete(file)
      return found
    } catch (cause) {
      const code = errnoOf(cause)
      // Somebody else is writing just now, so it can be written to.
      if (code === 'SQLITE_BUSY') return judgeBusy(file, subject.now)
      busySince.delete(file)
      return {
        verdict: 'FAIL',
        text: `RETRACE_DATABASE cannot be used${code === undefined ? '' : ` (${code})`}`,
        more: whyNotUsed(file, cause),
      }
    }
  },
}

function whyNotUsed(file: string, cause: unknown): string {
  // It names the setting and the file itself.
  if (cause instanceof UsageError) return cause.message
  if (errnoOf(cause)?.startsWith('SQLITE_READONLY')) return mayOnlyBeRead(file, cause).message
  return `${file}: ${cause instanceof Error ? cause.message : cause}`
}

/** Since when each file was found locked, whenever it was looked at. */
const busySince = new Map<string, number>()
/** A sync writes for seconds at a time. */
const MAX_BUSY_S = 60

function judgeBusy(file: string, now: Date): Finding {
  const since = busySince.get(file) ?? now.getTime()
  busySince.set(file, since)
  const seconds = Math.floor((now.getTime() - since) / 1000)
  if (seconds <= MAX_BUSY_S) return { verdict: 'ok', text: 'RETRACE_DATABASE is being written to', more: file }
  const text = `RETRACE_DATABASE has been locked for ${count(seconds, 'second')}`
  return { verdict: 'FAIL', text, more: `another program writes to ${file} and does not end: fuser -v names it` }
}

async function judge(subject: Subject, file: string): Promise<Finding> {
  const why = existsSync(file) ? undefined : whyNotMade(file)
  if (why !== undefined) {
    return { verdict: 'FAIL', text: 'RETRACE_DATABASE cannot be made', more: `${file}: ${why}` }
  }
  const names = severalNames(file)
  if (names !== undefined) {
    return { verdict: 'FAIL', text: 'RETRACE_DATABASE has more than one name', more: names, ready: true }
  }
  const refused = existsSync(dirname(file)) ? await refusal(file, subject.isRunning) : undefined
  if (refused !== undefined) return refused
  const { opened, isOlder } = openedOf(subject, file)
  if (opened === undefined) return isServerRunning(subject.config) ? gone(file) : willBeMade(file)
  try {
    if (!isInPlace(opened)) return gone(file)
    assertWritable(opened)
    if (!isOlder) highestTaskId(opened)
  } finally {
    if (isOlder) closeDatabase(opened)
  }
  if (!isOlder) return { verdict: 'ok', text: 'RETRACE_DATABASE can be written to', more: file }
  return { verdict: 'ok', text: 'RETRACE_DATABASE is of an older version, and will be migrated at start', more: file }
}

/** One that has to be migrated first is opened here, and its caller's to close. */
function openedOf(subject: Subject, file: string): { opened: Database | undefined; isOlder: boolean } {
  try {
    return { opened: subject.database(), isOlder: false }
  } catch (cause) {
    if (!(cause instanceof OlderDatabase)) throw cause
    return { opened: openDatabase(file), isOlder: true }
  }
}

function gone(file: string): Finding {
  const more = `restore ${file} from a backup, or start the server anew, which makes a new one`
  return { verdict: 'FAIL', text: 'RETRACE_DATABASE was deleted or moved while the server ran', more }
}

function willBeMade(file: string): Finding {
  return { verdict: 'ok', text: 'RETRACE_DATABASE will be made at start', more: file }
}

/** SQLite writes three files into the folder, and a lock of ours is beside them. */
async function refusal(file: string, isRunning: boolean): Promise<Finding | undefined> {
  const folder = dirname(file)
  const code = await whyNoFiles(folder)
  if (code !== undefined) {
    const text = `RETRACE_DATABASE cannot be written to (${code})`
    return { verdict: 'FAIL', text, more: adviceOnRefusal(folder, code) }
  }
  const lock = isRunning ? undefined : lockNotOurs(lockOfDatabase(file))
  if (lock === undefined) return undefined
  const more = `${lock}; where no server runs, give it to the user as whom the server runs`
  return { verdict: 'FAIL', text: 'the lock of RETRACE_DATABASE cannot be taken', more }
}
