/** What is known of each release as a whole, for `--status`, `--check`, `/readyz` and `/metrics`. */
import { asc, count, sql } from 'drizzle-orm'
import { packages, release } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { type RepositoryHealth, repositoryHealth } from './repositories.ts'

export interface RepositorySummary {
  /** Release id with architecture. */
  release: string
  /** Packages that are known, of those the ones gone upstream, and the ones whose files are here with their bytes. */
  known: number
  gone: number
  here: number
  bytes: number
  /** How many repositories the administrator's files name. */
  repositories: number
  /**
   * Unix seconds: the last success of the repository that has waited longest for one; null: one had none yet. Where
   * none is named any more, the last success of all.
   */
  synced: number | null
  /** Suites whose last sync failed. */
  failing: number
  /** Their complaints, `SUITE: SENTENCE`, separated by semicolons. */
  error: string | null
}

/** One row per release, in the order of their names. */
export function summarizeRepositories(database: Database): RepositorySummary[] {
  const counts = new Map(countPackages(database).map(({ releaseId: id, ...row }) => [id, row]))
  const repositories = repositoryHealth(database)
  return database.select().from(release).orderBy(asc(release.name)).all().map(({ id, name }) => ({
    release: name,
    ...counts.get(id) ?? { known: 0, gone: 0, here: 0, bytes: 0 },
    ...summarizeHealth(repositories.filter((row) => row.releaseId === id)),
  }))
}

function countPackages(database: Database) {
  const { releaseId, gone, kept, keptBytes } = packages
  return database.select({
    releaseId,
    known: count(),
    gone: count(gone),
    here: count(kept),
    bytes: sql<number>`coalesce(sum(${keptBytes}), 0)`,
  }).from(packages).groupBy(releaseId).all()
}

/** Sums up the repositories of one release; those that are no longer configured do not count. */
export function summarizeHealth(
  rows: RepositoryHealth[],
): Pick<RepositorySummary, 'repositories' | 'synced' | 'failing' | 'error'> {
  const named = rows.filter(({ fetch }) => fetch !== 'none')
  const failing = named.filter(({ error }) => error !== null)
  const complaints = new Set(failing.map(({ suite, error }) => `${suite}: ${error}`))
  return {
    repositories: named.length,
    synced: named.length > 0 ? lowest(named) : highest(rows),
    failing: new Set(failing.map(({ uri, suite }) => `${uri} ${suite}`)).size,
    error: complaints.size === 0 ? null : [...complaints].join('; '),
  }
}

function lowest(rows: RepositoryHealth[]): number | null {
  return rows.some(({ synced }) => synced === null) ? null : Math.min(...rows.map(({ synced }) => synced ?? 0))
}

function highest(rows: RepositoryHealth[]): number | null {
  const times = rows.flatMap(({ synced }) => synced ?? [])
  return times.length === 0 ? null : Math.max(...times)
}
