/**
 * Syncs one suite, from its signed description to a visible generation of each of its components and architectures. An
 * expired description, or one older than what is here, is refused as a whole.
 */
import { errnoOf } from '../../src/errors/errno.ts'
import type { Database } from '../../src/database/database.ts'
import { log } from '../../src/telemetry/log.ts'
import { releaseIdOf } from '../../src/packages/release/release_id.ts'
import { FetchError } from '../../src/packages/format/error.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import type { SignedSuite } from '../../src/packages/format/suite.ts'
import type { SyncContext } from '../../src/packages/format/sync_context.ts'
import { releaseRow } from '../../src/packages/index/releases.ts'
import {
  findRepository,
  newestDate,
  noteChecked,
  noteError,
  repositoryRow,
} from '../../src/packages/index/repositories.ts'
import type { Generation, GenerationCounts } from '../../src/packages/index/merge.ts'
import { Staging } from '../../src/packages/index/staging.ts'
import { isWanted } from './command/releases.ts'
import { unixSeconds } from '../../src/units/time.ts'

export interface SuiteSync {
  database: Database
  format: PackageFormat
  repository: RepositorySpec
  context: SyncContext
  dryRun: boolean
  /** Throws FetchError 'no-space' when so many bytes more would leave too little (RETRACE_MIN_FREE_MB). */
  assertRoom(bytes: { store: number; database: number }): void
  /** Ids of releases that are wanted, with or without architecture; empty: all. */
  releases: string[]
  /** Hears of each release that the suite feeds, wanted or not. */
  fed: Set<string>
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
  /** Why the part, or its list of files, was left as it was. */
  problem: string | undefined
}

/** Syncs it, each part on its own; throws FetchError with the reason why nothing of the suite was taken. */
export async function syncSuite(sync: SuiteSync): Promise<PartResult[]> {
  const done = new Map<string, PartResult>()
  for (let attempt = 1;; attempt++) {
    const suite = await sync.format.suite(sync.repository, withNewest(sync))
    assertFresh(suite, sync)
    let race: FetchError | undefined
    for (const part of partsOf(suite, sync)) {
      if (done.get(part.label)?.problem === undefined && done.has(part.label)) continue
      const { result, failure } = await attemptPart(part)
      done.set(part.label, together(done.get(part.label), result))
      // The archive was published anew while it was read: its signed description names other files by now.
      if (failure?.kind === 'malformed' || failure?.kind === 'not-found') race ??= failure
    }
    if (race === undefined || attempt === 2) return [...done.values()]
    log('reposync').info(`${nameOf(sync.repository)}: ${race.message}; reading the suite once more`)
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

/** One component and architecture of a suite. */
interface Part extends SuiteSync {
  signed: SignedSuite
  release: string
  component: string
  architecture: string
  label: string
}

function partsOf(signed: SignedSuite, sync: SuiteSync): Part[] {
  const { repository, releases } = sync
  const components = repository.components.length > 0 ? repository.components : ['']
  return repository.architectures.flatMap((architecture) => {
    const release = releaseIdOf(signed.release, architecture)
    sync.fed.add(release)
    if (!isWanted(releases, release)) return []
    return components.map((component) => {
      const label = [repository.suite, component, architecture].filter((word) => word !== '').join(' ')
      return { ...sync, signed, release, component, architecture, label }
    })
  })
}

/** The result of one part; a failure here must not affect the other parts. */
async function attemptPart(part: Part): Promise<{ result: PartResult; failure?: FetchError }> {
  const started = performance.now()
  try {
    return await syncPart(part)
  } catch (error) {
    if (!(error instanceof FetchError) || part.context.signal.aborted) throw error
    if (!part.dryRun) noteError(part.database, part.repository, { part, message: error.message, now: unixSeconds() })
    const packages = findRepository(part.database, part.repository, part)?.packages ?? 0
    const result = { ...resultOf(part, { packages, isUnchanged: true }), problem: error.message }
    return { result: { ...result, seconds: secondsSince(started) }, failure: error }
  }
}

/** The result of two attempts at one part together. */
function together(first: PartResult | undefined, second: PartResult): PartResult {
  if (first === undefined) return second
  return {
    ...second,
    isUnchanged: first.isUnchanged && second.isUnchanged,
    added: first.added + second.added,
    vanished: first.vanished + second.vanished,
    paths: first.paths + second.paths,
    seconds: first.seconds + second.seconds,
    bytes: first.bytes + second.bytes,
  }
}

function resultOf(
  { release, label }: Part,
  { packages, isUnchanged }: { packages: number; isUnchanged: boolean },
): PartResult {
  const nothing = { added: 0, vanished: 0, paths: 0, seconds: 0, bytes: 0, problem: undefined }
  return { release, label, isUnchanged, packages, ...nothing }
}

async function syncPart(part: Part): Promise<{ result: PartResult; failure?: FetchError }> {
  const { repository, database, component, architecture, release, signed } = part
  const started = performance.now()
  const indices = signed.indices(component, architecture)
  if (indices === undefined) {
    throw new FetchError('not-found', `it has no packages for ${component || 'the suite'} ${architecture}`)
  }
  const row = part.dryRun
    ? findRepository(database, repository, part)
    : repositoryRow(database, repository, { component, architecture, releaseId: releaseRow(database, release) })
  const packages = row?.packagesSha256 !== indices.packagesSha256
  const contents = indices.contentsSha256 !== '' && row?.contentsSha256 !== indices.contentsSha256
  const isUnchanged = !packages && !contents
  const base = resultOf(part, { packages: row?.packages ?? 0, isUnchanged })
  if (row === undefined || part.dryRun) {
    return { result: { ...base, seconds: secondsSince(started), bytes: indices.size } }
  }
  if (isUnchanged) {
    noteChecked(database, row.id, { date: signed.date, now: unixSeconds() })
    return { result: { ...base, seconds: secondsSince(started) } }
  }
  part.assertRoom({ store: indices.size, database: 0 })
  const { counts, failure } = await readWhatCanBeHad(part, {
    repositoryId: row.id,
    releaseId: row.releaseId,
    date: signed.date,
    packagesSha256: packages ? indices.packagesSha256 : undefined,
    contentsSha256: contents ? indices.contentsSha256 : undefined,
    now: unixSeconds(),
  })
  const result = { ...base, ...counts, seconds: secondsSince(started), bytes: indices.size, problem: failure?.message }
  return failure === undefined ? { result } : { result, failure }
}

/** Mirrors have been seen whose list of files was older than its signature: the packages are worth having without it. */
async function readWhatCanBeHad(
  part: Part,
  generation: Generation,
): Promise<{ counts: GenerationCounts; failure?: FetchError }> {
  try {
    return { counts: await readGeneration(part, generation) }
  } catch (error) {
    const isAboutBoth = generation.packagesSha256 !== undefined && generation.contentsSha256 !== undefined
    const isOfFile = error instanceof FetchError && (error.kind === 'malformed' || error.kind === 'not-found')
    if (!isAboutBoth || !isOfFile) throw error
    const counts = await readGeneration(part, { ...generation, contentsSha256: undefined })
    const { database, repository } = part
    noteError(database, repository, { part, message: error.message, now: generation.now })
    return { counts, failure: error }
  }
}

/** Reads all of it or nothing: when the disk is full, the old generation stays visible. */
async function readGeneration(part: Part, generation: Generation): Promise<GenerationCounts> {
  const { database, format, repository, context, assertRoom } = part
  const selection = {
    suite: part.signed,
    component: part.component,
    architecture: part.architecture,
    packages: generation.packagesSha256 !== undefined,
    contents: generation.contentsSha256 !== undefined,
  }
  using staging = new Staging(database)
  try {
    for await (const entries of format.read(repository, selection, context)) {
      context.signal.throwIfAborted()
      staging.add(entries)
    }
    // Staged rows are written twice: to the transaction's log, and to the database.
    assertRoom({ store: 0, database: 2 * staging.bytes })
    return staging.commit(generation)
  } catch (error) {
    if (errnoOf(error) === 'SQLITE_FULL') {
      throw new FetchError('no-space', 'There is no space left for the index', { cause: error })
    }
    throw error
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000
}
