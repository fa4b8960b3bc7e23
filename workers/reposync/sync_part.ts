/**
 * One component and architecture of a suite: its indices read into a generation that becomes visible at once, or not at
 * all. Owns what is a fault of the part, and what of its own files it can do without.
 */
import { errnoOf } from '../../src/errors/errno.ts'
import type { Database } from '../../src/database/database.ts'
import { FetchError } from '../../src/packages/format/error.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import type { SignedSuite, SuiteIndices } from '../../src/packages/format/suite.ts'
import type { SyncContext } from '../../src/packages/format/sync_context.ts'
import type { Generation, GenerationCounts } from '../../src/packages/index/merge.ts'
import { releaseRow } from '../../src/packages/index/releases.ts'
import { findRepository, noteChecked, noteError, repositoryRow } from '../../src/packages/index/repositories.ts'
import { Staging } from '../../src/packages/index/staging.ts'
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
  /** Ids of releases of which an older generation is taken, with or without architecture. */
  acceptOlder: string[]
  /** The other suites have been asked. */
  isLast: boolean
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
  /** Sentences on what its indices name and is not taken. */
  leftOut: string[]
}

/** One component and architecture of a suite, and where it goes. */
export interface Part extends SuiteSync {
  signed: SignedSuite
  indices: SuiteIndices
  release: string
  component: string
  architecture: string
  label: string
}

/**
 * The result of one part; a failure here must not affect the other parts, but for that of the host (`dead`), which is not
 * asked again.
 */
export async function attemptPart(
  part: Part,
  dead?: FetchError,
): Promise<{ result: PartResult; failure?: FetchError }> {
  const started = performance.now()
  try {
    if (dead !== undefined) throw dead
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
export function together(first: PartResult | undefined, second: PartResult): PartResult {
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
  const nothing = { added: 0, vanished: 0, paths: 0, seconds: 0, bytes: 0, problem: undefined, leftOut: [] }
  return { release, label, isUnchanged, packages, ...nothing }
}

async function syncPart(part: Part): Promise<{ result: PartResult; failure?: FetchError }> {
  const { repository, database, component, architecture, release, signed, indices } = part
  const started = performance.now()
  const row = part.dryRun
    ? findRepository(database, repository, part)
    : repositoryRow(database, repository, { component, architecture, releaseId: releaseRow(database, release) })
  const { packages, contents } = changes(row, indices)
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
  const { counts, leftOut, failure } = await readWhatCanBeHad(part, {
    repositoryId: row.id,
    releaseId: row.releaseId,
    date: signed.date,
    packagesKey: packages ? indices.packagesKey : undefined,
    contentsKey: contents ? indices.contentsKey : undefined,
    now: unixSeconds(),
  })
  const seconds = secondsSince(started)
  const result = { ...base, ...counts, leftOut, seconds, bytes: indices.size, problem: failure?.message }
  return failure === undefined ? { result } : { result, failure }
}

/** At the end of the key of a list of files that was read beside packages that were left out. */
const INCOMPLETE = '?'

/**
 * What is to be read. The paths of a package that was left out are, too: once it is in order, the list of files that
 * names it has not changed.
 */
function changes(
  row: { packagesKey: string | null; contentsKey: string | null } | undefined,
  { packagesKey, contentsKey }: SuiteIndices,
): { packages: boolean; contents: boolean } {
  const isIncomplete = row?.contentsKey?.endsWith(INCOMPLETE) === true
  const packages = row?.packagesKey !== packagesKey
  const contents = contentsKey !== '' && row?.contentsKey !== contentsKey + (isIncomplete ? INCOMPLETE : '')
  const isHad = contentsKey !== '' && isIncomplete
  return { packages: packages || (contents && isHad), contents: contents || (packages && isHad) }
}

/**
 * Mirrors have been seen whose list of files was older than its signature: the packages are worth having without it.
 */
async function readWhatCanBeHad(
  part: Part,
  generation: Generation,
): Promise<Read & { failure?: FetchError }> {
  try {
    return await readGeneration(part, generation)
  } catch (error) {
    const isAboutBoth = generation.packagesKey !== undefined && generation.contentsKey !== undefined
    const isOfFile = error instanceof FetchError && (error.kind === 'malformed' || error.kind === 'not-found')
    if (!isAboutBoth || !isOfFile) throw error
    const read = await readGeneration(part, { ...generation, contentsKey: undefined })
    const { database, repository } = part
    noteError(database, repository, { part, message: error.message, now: generation.now })
    return { ...read, failure: error }
  }
}

interface Read {
  counts: GenerationCounts
  /** Sentences on what is left out. */
  leftOut: string[]
}

/** All of it, or nothing: a full disk ends it while the old generation is still the one that everybody sees. */
async function readGeneration(part: Part, generation: Generation): Promise<Read> {
  const { database, format, repository, context, assertRoom } = part
  const selection = {
    suite: part.signed,
    component: part.component,
    architecture: part.architecture,
    packages: generation.packagesKey !== undefined,
    contents: generation.contentsKey !== undefined,
  }
  using staging = new Staging(database)
  try {
    for await (const entries of format.read(repository, selection, context)) {
      context.signal.throwIfAborted()
      staging.add(entries)
    }
    const { leftOut, packages } = staging
    if (leftOut.count > 0 && packages === 0) {
      const why = leftOut.sentences().join('; ')
      throw new FetchError('refused', `none of the packages that its index names can be taken: ${why}`)
    }
    // The log of the transaction and the database itself: what is staged is written twice.
    assertRoom({ store: 0, database: 2 * staging.bytes })
    const { contentsKey } = generation
    const isIncomplete = leftOut.count > 0 && contentsKey !== undefined
    const counts = staging.commit(isIncomplete ? { ...generation, contentsKey: contentsKey + INCOMPLETE } : generation)
    return { counts, leftOut: leftOut.sentences() }
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
