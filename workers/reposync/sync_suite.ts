/**
 * Syncs one suite, from its signed description to a visible generation of each of its components and architectures. An
 * expired description, or one older than what is here, is refused as a whole.
 */
import { log } from '../../src/telemetry/log.ts'
import { releaseIdOf } from '../../src/packages/release/release_id.ts'
import type { FetchError } from '../../src/packages/format/error.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import type { SignedSuite } from '../../src/packages/format/suite.ts'
import type { SyncContext } from '../../src/packages/format/sync_context.ts'
import { newestDate, noteRollback, releaseFedBy } from '../../src/packages/index/repositories.ts'
import { unixSeconds } from '../../src/units/time.ts'
import { isWanted } from './command/releases.ts'
import { assertFresh, MAX_AHEAD_S } from './freshness.ts'
import { attemptPart, type Part, type PartResult, type SuiteSync, together } from './sync_part.ts'

/**
 * Syncs it, each part on its own; throws FetchError with the reason why nothing of the suite was taken. Undefined: it is
 * to be asked again after the others, which may tell the release that it feeds.
 */
export async function syncSuite(sync: SuiteSync): Promise<PartResult[] | undefined> {
  const { repository, context, database } = sync
  const warn = (message: string) => context.warn(`${nameOf(repository)}: ${message}`)
  const done = new Map<string, PartResult>()
  for (let attempt = 1;; attempt++) {
    const now = unixSeconds()
    const newest = newestDate(database, repository, { notAfter: now + MAX_AHEAD_S })
    const suite = await sync.format.suite(repository, withNewest(sync, { newest, notAfter: now + MAX_AHEAD_S }))
    if (suite.doubt !== undefined && !sync.isLast) return undefined
    const acceptsOlder = isAnyWanted(sync.acceptOlder, suite.release, sync)
    assertFresh(suite, repository, { now, newest, acceptsOlder, warn })
    if (acceptsOlder && !sync.dryRun) noteRollback(database, repository, suite.date)
    let race: FetchError | undefined
    let dead: FetchError | undefined
    for (const part of partsOf(suite, sync)) {
      if (done.get(part.label)?.problem === undefined && done.has(part.label)) continue
      const { result, failure } = await attemptPart(part, dead)
      if (failure?.isHost === true) dead = failure
      done.set(part.label, together(done.get(part.label), result))
      // The archive was published anew while it was read: its signed description names other files by now.
      if (failure?.kind === 'malformed' || failure?.kind === 'not-found') race ??= failure
    }
    if (race === undefined || attempt === 2) return [...done.values()]
    log('reposync').info(`${nameOf(repository)}: ${race.message}; reading the suite once more`)
  }
}

/** A format passes over mirrors that lag, unless the administrator wants what they have. */
function withNewest(
  sync: SuiteSync,
  { newest, notAfter }: { newest: number | undefined; notAfter: number },
): SyncContext {
  const { release } = sync.repository
  const isRollback = release !== undefined && isAnyWanted(sync.acceptOlder, release, sync)
  return newest === undefined || isRollback ? { ...sync.context, notAfter } : { ...sync.context, newest, notAfter }
}

/** Whether any architecture of a release is named. */
function isAnyWanted(named: string[], release: string, { repository, format }: SuiteSync): boolean {
  return named.length > 0 &&
    repository.architectures.some((architecture) => isWanted(named, idOf(release, { architecture, format })))
}

function idOf(release: string, { architecture, format }: { architecture: string; format: PackageFormat }): string {
  const own = format.releaseArchitecture?.(architecture)
  return own === undefined ? releaseIdOf(release, architecture) : `${release}-${own}`
}

/** How a suite is called in the log. */
export function nameOf({ uri, suite }: RepositorySpec): string {
  return `${suite} of ${new URL(uri).host || 'file://'}${new URL(uri).pathname}`
}

/** Those that are wanted and that the suite has; what it has not is named, as it is no fault of the others. */
function partsOf(signed: SignedSuite, sync: SuiteSync): Part[] {
  const { repository, releases, context } = sync
  const components = repository.components.length > 0 ? repository.components : ['']
  if (signed.doubt !== undefined) {
    context.warn(`${nameOf(repository)}: ${signed.doubt} (${repository.file}:${repository.line})`)
  }
  return repository.architectures.flatMap((architecture) => {
    // What others told of it in an earlier run counts while they are not there to be asked.
    const earlier = signed.doubt === undefined ? undefined : releaseFedBy(sync.database, repository, architecture)
    const release = earlier ?? idOf(signed.release, { architecture, format: sync.format })
    sync.fed.add(release)
    if (!isWanted(releases, release)) return []
    return components.flatMap((component) => {
      const label = [repository.suite, component, architecture].filter((word) => word !== '').join(' ')
      const indices = signed.indices(component, architecture)
      if (typeof indices !== 'string') return [{ ...sync, signed, indices, release, component, architecture, label }]
      context.warn(`${nameOf(repository)}: ${indices} (${repository.file}:${repository.line})`)
      return []
    })
  })
}
