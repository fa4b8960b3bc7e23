/**
 * One suite, from its signed description to a visible generation of each of its components and architectures.
 * Owns what is refused as a whole: an expired description, and one older than what is here.
 */
import type { Database } from '../../src/database.ts'
import { log } from '../../src/log.ts'
import { releaseIdOf } from '../../src/packages/release_id.ts'
import { FetchError } from '../../src/packages/fetch/error.ts'
import type { PackageFormat, RepositorySpec, SignedSuite, SyncContext } from '../../src/packages/format.ts'
import {
  findRepository,
  newestDate,
  noteChecked,
  releaseRow,
  repositoryRow,
} from '../../src/packages/index/repositories.ts'
import { Staging } from '../../src/packages/index/staging.ts'

export interface SuiteSync {
  database: Database
  format: PackageFormat
  repository: RepositorySpec
  context: SyncContext
  dryRun: boolean
  /** Ids of releases that are wanted, with or without architecture; empty: all. */
  releases: string[]
}

/** What happened to one component and architecture. */
export interface PartResult {
  release: string
  label: string
  isUnchanged: boolean
  packages: number
  added: number
  vanished: number
  paths: number
  seconds: number
  /** Of the indices that were, or would be, downloaded. */
  bytes: number
}

/** Syncs it; throws FetchError with the reason why nothing of the suite was taken. */
export async function syncSuite(sync: SuiteSync): Promise<PartResult[]> {
  for (let attempt = 1;; attempt++) {
    const suite = await sync.format.suite(sync.repository, withNewest(sync))
    assertFresh(suite, sync)
    try {
      return await syncParts(suite, sync)
    } catch (error) {
      // The archive was published anew while it was read: its signed description names other files by now.
      const isRace = error instanceof FetchError && (error.kind === 'malformed' || error.kind === 'not-found')
      if (!isRace || attempt === 2) throw error
      log('reposync').info(`${nameOf(sync.repository)}: ${error.message}; reading the suite once more`)
    }
  }
}

function withNewest({ context, database, repository }: SuiteSync): SyncContext {
  const newest = newestDate(database, repository)
  return newest === undefined ? context : { ...context, newest }
}

/** How a suite is called in the log. */
export function nameOf({ uri, suite }: RepositorySpec): string {
  return `${suite} of ${new URL(uri).host || 'file://'}${new URL(uri).pathname}`
}

function assertFresh(suite: SignedSuite, { repository, context, database }: SuiteSync): void {
  const now = Date.now() / 1000
  if (suite.validUntil !== undefined && suite.validUntil < now) {
    const since = new Date(suite.validUntil * 1000).toISOString()
    if (repository.checkValidUntil) {
      throw new FetchError(
        'refused',
        `it was valid until ${since}; if that is known and wanted, set Check-Valid-Until: no`,
      )
    }
    context.warn(`${nameOf(repository)}: it was valid until ${since} (Check-Valid-Until: no)`)
  }
  const newest = newestDate(database, repository)
  if (newest !== undefined && suite.date < newest) {
    const [here, there] = [newest, suite.date].map((date) => new Date(date * 1000).toISOString())
    throw new FetchError('refused', `it is of ${there}, older than the one of ${here} that is here`)
  }
}

async function syncParts(suite: SignedSuite, sync: SuiteSync): Promise<PartResult[]> {
  const { repository } = sync
  const results: PartResult[] = []
  const components = repository.components.length > 0 ? repository.components : ['']
  for (const architecture of repository.architectures) {
    const release = releaseIdOf(suite.release, architecture)
    if (!isWanted(sync.releases, suite.release, release)) continue
    for (const component of components) {
      results.push(await syncPart(suite, { ...sync, release, component, architecture }))
    }
  }
  return results
}

function isWanted(wanted: string[], name: string, id: string): boolean {
  return wanted.length === 0 || wanted.includes(name) || wanted.includes(id)
}

async function syncPart(
  suite: SignedSuite,
  sync: SuiteSync & { release: string; component: string; architecture: string },
): Promise<PartResult> {
  const { repository, database, component, architecture, release, context } = sync
  const started = performance.now()
  const label = [repository.suite, component, architecture].filter((word) => word !== '').join(' ')
  const indices = suite.indices(component, architecture)
  if (indices === undefined) {
    throw new FetchError('not-found', `it has no packages for ${component || 'the suite'} ${architecture}`)
  }
  const key = { release, component, architecture }
  const row = sync.dryRun
    ? findRepository(database, repository, key)
    : repositoryRow(database, repository, { ...key, releaseId: releaseRow(database, release) })
  const packages = row?.packagesSha256 !== indices.packagesSha256
  const contents = indices.contentsSha256 !== '' && row?.contentsSha256 !== indices.contentsSha256
  const isUnchanged = !packages && !contents
  const base = { release, label, isUnchanged, packages: row?.packages ?? 0, added: 0, vanished: 0, paths: 0 }
  if (row === undefined || sync.dryRun) return { ...base, seconds: secondsSince(started), bytes: indices.size }
  if (isUnchanged) {
    noteChecked(database, row.id, { date: suite.date, now: Math.floor(Date.now() / 1000) })
    return { ...base, seconds: secondsSince(started), bytes: 0 }
  }
  using staging = new Staging(database)
  const selection = { suite, component, architecture, packages, contents }
  for await (const entries of sync.format.read(repository, selection, context)) {
    context.signal.throwIfAborted()
    staging.add(entries)
  }
  const counts = staging.commit({
    repositoryId: row.id,
    releaseId: row.releaseId,
    date: suite.date,
    packagesSha256: packages ? indices.packagesSha256 : undefined,
    contentsSha256: contents ? indices.contentsSha256 : undefined,
    now: Math.floor(Date.now() / 1000),
  })
  return { ...base, ...counts, seconds: secondsSince(started), bytes: indices.size }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
