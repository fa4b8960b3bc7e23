/** The spool: whether tasks can be put there, and by the server alone. */
import { stat } from 'node:fs/promises'
import { whyNotMade } from '../files/folder.ts'
import { adviceOnRefusal, whyNoFiles } from '../files/probe.ts'
import { errnoOf } from '../errors/errno.ts'
import { adviceOnOpen, isAnothers, isOpenToOthers } from '../spool/rights.ts'
import { isServerRunning, isSpoolTaken, lockNotOurs, lockOfSpool } from '../spool/server_lock.ts'
import type { Finding, Look, Subject } from './look.ts'

export const spool: Look = {
  what: 'spool',
  part: 'spool',
  async question({ config, isRunning, serviceUser }) {
    const { spoolDir } = config
    try {
      const found = await stat(spoolDir)
      if (!found.isDirectory()) {
        return { verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR is not a directory', more: spoolDir }
      }
      if (isOpenToOthers(found.mode)) {
        const text = 'RETRACE_SPOOL_DIR can be written to by others'
        return { verdict: 'FAIL', text, more: `${spoolDir}: ${adviceOnOpen(spoolDir, found.mode)}` }
      }
      // Root looks for the unit's user.
      if (isAnothers(found.uid) && found.uid !== serviceUser) {
        const more = `${spoolDir}: user ${found.uid}; run chown on it`
        return { verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR belongs to another user', more }
      }
      if (!isRunning && isSpoolTaken(config)) {
        const more = `${spoolDir}: stop it first, or give this one its own`
        return { verdict: 'FAIL', text: 'another server runs with this RETRACE_SPOOL_DIR', more }
      }
      return await judgeWriting(spoolDir, isRunning)
    } catch (cause) {
      const errno = errnoOf(cause)
      // What a server that runs has made must be there.
      const isServed = isRunning || isServerRunning(config)
      if ((errno === 'ENOENT' || errno === 'ENOTDIR') && !isServed) return judgeMissing(spoolDir)
      return refused(spoolDir, errno ?? String(cause))
    }
  },
}

async function judgeWriting(spoolDir: string, isRunning: Subject['isRunning']): Promise<Finding> {
  const code = await whyNoFiles(spoolDir)
  if (code !== undefined) return refused(spoolDir, code)
  const lock = isRunning ? undefined : lockNotOurs(lockOfSpool(spoolDir))
  if (lock === undefined) return { verdict: 'ok', text: 'RETRACE_SPOOL_DIR can be written to', more: spoolDir }
  return {
    verdict: 'FAIL',
    text: 'the lock of RETRACE_SPOOL_DIR cannot be taken',
    more: `${lock}; where no server runs, give it to the user as whom the server runs`,
  }
}

function refused(spoolDir: string, code: string): Finding {
  const text = `RETRACE_SPOOL_DIR cannot be written to (${code})`
  return { verdict: 'FAIL', text, more: adviceOnRefusal(spoolDir, code) }
}

function judgeMissing(spoolDir: string): Finding {
  const why = whyNotMade(spoolDir)
  return why === undefined
    ? { verdict: 'ok', text: 'RETRACE_SPOOL_DIR will be made at start', more: spoolDir }
    : { verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR cannot be made', more: `${spoolDir}: ${why}` }
}
