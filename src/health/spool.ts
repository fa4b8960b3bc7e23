/** The spool: whether tasks can be put there, and by the server alone. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { whyNotMade } from '../files/folder.ts'
import { errnoOf } from '../errors/errno.ts'
import { adviceOnOpen, isOpenToOthers } from '../spool/rights.ts'
import type { Look } from './look.ts'

export const spool: Look = {
  what: 'spool',
  part: 'spool',
  async question({ config: { spoolDir }, isRunning }) {
    try {
      const found = await stat(spoolDir)
      if (!found.isDirectory()) {
        return { verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR is not a directory', more: spoolDir }
      }
      if (isOpenToOthers(found.mode)) {
        const text = 'RETRACE_SPOOL_DIR can be written to by others'
        return { verdict: 'FAIL', text, more: `${spoolDir}: ${adviceOnOpen(spoolDir, found.mode)}` }
      }
      await access(spoolDir, constants.W_OK | constants.X_OK)
      return { verdict: 'ok', text: 'RETRACE_SPOOL_DIR can be written to', more: spoolDir }
    } catch (cause) {
      const errno = errnoOf(cause)
      if ((errno === 'ENOENT' || errno === 'ENOTDIR') && !isRunning) {
        const why = whyNotMade(spoolDir)
        if (why !== undefined) {
          return { verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR cannot be made', more: `${spoolDir}: ${why}` }
        }
        return { verdict: 'ok', text: 'RETRACE_SPOOL_DIR will be made at start', more: spoolDir }
      }
      const text = `RETRACE_SPOOL_DIR cannot be written to (${errno ?? cause})`
      return { verdict: 'FAIL', text, more: `give ${spoolDir} to the user as whom the server runs` }
    }
  },
}
