/**
 * Whether the server can take a task and do it justice: `GET /readyz`. Looks, changes nothing, and names settings
 * instead of paths: who asks may be a stranger.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { errnoOf } from '../errors/errno.ts'
import type { Spool } from '../spool/spool.ts'
import { summarizeRepositories } from '../packages/index/summary.ts'
import { ProgramError } from '../process/error.ts'
import { tryWall } from '../process/trial.ts'
import { MIB } from '../units/bytes.ts'
import { DAY_MS } from '../units/time.ts'

/** A sync is due every 6 hours: after this long something is wrong with it. */
export const STALE_SYNC_MS = 2 * DAY_MS
/** Strangers may ask: the looks that cost something are kept for so long. */
const FRESH_MS = 30_000

/** One thing that a task needs. */
export interface Part {
  ok: boolean
  text: string
}

export interface Readiness {
  ready: boolean
  parts: Record<'server' | 'spool' | 'space' | 'database' | 'sandbox' | 'sync', Part>
}

export interface ReadinessSources {
  config: Pick<Config, 'spoolDir' | 'minFreeMb'>
  database: Database
  spool: Spool
  stopping: AbortSignal
  now: () => Date
}

/** The question, with what was found a moment ago in mind. */
export function createReadiness(sources: ReadinessSources): () => Promise<Readiness> {
  const sandbox = remember(sources.now, trySandbox)
  const sync = remember(sources.now, () => Promise.resolve(lookAtSync(sources)))
  return async () => {
    const parts = {
      server: sources.stopping.aborted ? { ok: false, text: 'it is stopping' } : { ok: true, text: 'it runs' },
      spool: await lookAtSpool(sources.config),
      space: lookAtSpace(sources),
      database: lookAtDatabase(sources.database),
      sandbox: await sandbox(),
      sync: await sync(),
    }
    return { ready: Object.values(parts).every(({ ok }) => ok), parts }
  }
}

function remember(now: () => Date, look: () => Promise<Part>): () => Promise<Part> {
  let last: { at: number; part: Promise<Part> } | undefined
  return () => {
    const at = now().getTime()
    if (last === undefined || at - last.at >= FRESH_MS) last = { at, part: look() }
    return last.part
  }
}

async function lookAtSpool({ spoolDir }: Pick<Config, 'spoolDir'>): Promise<Part> {
  try {
    await access(spoolDir, constants.W_OK | constants.X_OK)
    return { ok: true, text: 'RETRACE_SPOOL_DIR can be written to' }
  } catch (cause) {
    return { ok: false, text: `RETRACE_SPOOL_DIR cannot be written to (${errnoOf(cause) ?? cause})` }
  }
}

function lookAtSpace({ spool, config: { minFreeMb } }: ReadinessSources): Part {
  try {
    const free = Math.floor(spool.free() / MIB)
    return { ok: free >= minFreeMb, text: `${free} MiB are free for the spool, RETRACE_MIN_FREE_MB is ${minFreeMb}` }
  } catch (cause) {
    return { ok: false, text: `The free space cannot be read (${errnoOf(cause) ?? cause})` }
  }
}

/** A lock for writing, given back at once: a database that can only be read gives out no task id. */
function lookAtDatabase({ $client: client }: Database): Part {
  const patience = client.pragma('busy_timeout', { simple: true })
  try {
    client.pragma('busy_timeout = 200')
    client.exec('BEGIN IMMEDIATE; ROLLBACK')
    client.prepare('SELECT max(id) FROM task_id').get()
    return { ok: true, text: 'RETRACE_DATABASE can be written to' }
  } catch (cause) {
    const code = errnoOf(cause) ?? String(cause)
    // Somebody else is writing just now, so it can be written to.
    if (code === 'SQLITE_BUSY') return { ok: true, text: 'RETRACE_DATABASE is being written to' }
    return { ok: false, text: `RETRACE_DATABASE cannot be used (${code})` }
  } finally {
    client.pragma(`busy_timeout = ${Number(patience)}`)
  }
}

async function trySandbox(): Promise<Part> {
  try {
    await tryWall()
    return { ok: true, text: 'bubblewrap works' }
  } catch (cause) {
    const reason = cause instanceof ProgramError ? cause.complaint.slice(0, 200) || cause.message : String(cause)
    return { ok: false, text: `bubblewrap does not work (${reason})` }
  }
}

function lookAtSync({ database, now }: ReadinessSources): Part {
  try {
    const releases = summarizeRepositories(database).filter(({ repositories }) => repositories > 0)
    if (releases.length === 0) return { ok: true, text: 'no repository is known yet' }
    const oldest = Math.min(...releases.map(({ synced }) => synced ?? 0))
    if (oldest === 0) return { ok: false, text: 'a repository was never synced: run abrt-reposync' }
    const text = `the last sync of all repositories was at ${new Date(oldest * 1000).toISOString()}`
    const isStale = now().getTime() - oldest * 1000 > STALE_SYNC_MS
    return { ok: !isStale, text: isStale ? `${text}, which is too long ago: run abrt-reposync` : text }
  } catch (cause) {
    return { ok: false, text: `the repositories cannot be read (${errnoOf(cause) ?? cause})` }
  }
}
