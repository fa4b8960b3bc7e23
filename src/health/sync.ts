/** The last sync of the repositories: without one, files of new packages are missing. */
import { errnoOf } from '../errors/errno.ts'
import { type RepositorySummary, summarizeRepositories } from '../packages/index/summary.ts'
import { DAY_MS } from '../units/time.ts'
import { type Database, OlderDatabase } from '../database/database.ts'
import type { Finding, Look, Subject } from './look.ts'

/** A sync is due every 6 hours: after this long something is wrong with it. */
const STALE_MS = 2 * DAY_MS
const ADVICE = 'run abrt-reposync, and let a timer run it every 6 hours'

export const sync: Look = {
  what: 'last sync',
  part: 'sync',
  isCostly: true,
  question(subject) {
    let known: RepositorySummary[]
    try {
      const database = databaseOf(subject)
      known = database === undefined ? [] : summarizeRepositories(database)
    } catch (cause) {
      // The look at the database says why.
      const code = errnoOf(cause)
      const text = 'it is not known, since RETRACE_DATABASE cannot be read'
      return { verdict: 'FAIL', text: code === undefined ? text : `${text} (${code})` }
    }
    return judgeSync(known, subject.now)
  },
}

/** undefined: there is none, or it has to be migrated first. */
function databaseOf(subject: Subject): Database | undefined {
  try {
    return subject.database()
  } catch (cause) {
    if (cause instanceof OlderDatabase) return undefined
    throw cause
  }
}

/** The repository that has waited longest counts; a server whose packages are out of date takes no task. */
export function judgeSync(releases: readonly RepositorySummary[], now: Date): Finding {
  const configured = releases.filter(({ repositories }) => repositories > 0)
  if (configured.length === 0) {
    return { verdict: 'warn', text: 'no repository is known yet', more: ADVICE, ready: true }
  }
  const oldest = Math.min(...configured.map(({ synced }) => synced ?? 0)) * 1000
  if (oldest === 0) {
    return { verdict: 'warn', text: 'a repository was never synced: run abrt-reposync', ready: false }
  }
  const text = `the last sync of all repositories was at ${new Date(oldest).toISOString()}`
  if (now.getTime() - oldest > STALE_MS) {
    return { verdict: 'warn', text: `${text}, which is too long ago: run abrt-reposync`, more: ADVICE, ready: false }
  }
  const failing = configured.reduce((sum, release) => sum + release.failing, 0)
  if (failing === 0) return { verdict: 'ok', text }
  const more = `${failing} of them failed when it was tried again; abrt-reposync --status says why`
  return { verdict: 'warn', text, more, ready: true }
}
