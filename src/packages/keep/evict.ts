/**
 * RETRACE_REPO_QUOTA_MB: evicts the packages that were unused for longest until the rest fits. A package that a running
 * task uses is never evicted: then more stays than the quota allows, and the log says so. An evicted package stays
 * known and is fetched again when it is next needed; one that is gone upstream cannot be, so a sync spares it.
 */
import type { Config } from '../../config/config.ts'
import type { Database } from '../../database/database.ts'
import { copies, forgetIndex, removeCopy } from './debug_index.ts'
import { log } from '../../telemetry/log.ts'
import { isLease, takeLease } from '../index/lease.ts'
import { canBeFetched } from '../index/locations.ts'
import { packagesInUse } from '../index/use.ts'
import { forgetRows, removeKept } from './kept.ts'
import { keptBytes, type KeptPackage, keptPackages } from './kept_packages.ts'
import { megabytes, MIB } from '../../units/bytes.ts'
import { count } from '../../text/count.ts'

export interface Eviction {
  packages: KeptPackage[]
  freedBytes: number
  /** Bytes that are, or would be, kept afterwards. */
  keptBytes: number
}

export interface EvictOptions {
  /** Only say what would go. */
  dryRun?: boolean
  /** Spare what could not be fetched again. */
  spareGone?: boolean
}

/** Brings the kept files under the quota; synchronous. When they are under it already, this costs one query. */
export function evictOverQuota(
  database: Database,
  { repoDir, repoQuotaMb }: Pick<Config, 'repoDir' | 'repoQuotaMb'>,
  { dryRun = false, spareGone = false }: EvictOptions = {},
): Eviction {
  const quota = repoQuotaMb * MIB
  const total = keptBytes(database)
  const nothing = { packages: [], freedBytes: 0, keptBytes: total }
  if (quota === 0 || total <= quota) return nothing
  if (dryRun) return rehearse(database, { quota, spareGone })
  const taken = takeLease(database, 'evict')
  if (!isLease(taken)) return nothing
  using _lease = taken
  const eviction = evict(database, { quota, spareGone }, {
    copy: (copy) => removeCopy(database, repoDir, copy),
    kept: (kept) => removeKept(database, repoDir, kept),
  })
  report(eviction, repoQuotaMb)
  return eviction
}

interface Bounds {
  quota: number
  spareGone: boolean
}

function evict(
  database: Database,
  { quota, spareGone }: Bounds,
  remove: { copy(copy: ReturnType<typeof copies>[number]): number; kept(kept: KeptPackage): number | undefined },
): Eviction {
  const eviction: Eviction = { packages: [], freedBytes: 0, keptBytes: keptBytes(database) }
  const used = packagesInUse(database)
  // They can be made again of what is here.
  for (const copy of copies(database)) {
    if (eviction.keptBytes <= quota) break
    if (used.has(copy.id)) continue
    eviction.freedBytes += remove.copy(copy)
    eviction.keptBytes = keptBytes(database)
  }
  for (const kept of keptPackages(database)) {
    if (eviction.keptBytes <= quota) break
    if (used.has(kept.id) || (spareGone && !canBeFetched(database, kept.id))) continue
    const freed = remove.kept(kept)
    if (freed === undefined) continue
    eviction.packages.push(kept)
    eviction.freedBytes += freed
    eviction.keptBytes = keptBytes(database)
  }
  return eviction
}

class Rehearsed extends Error {}

/**
 * For a dry run: does it on the rows alone, in a transaction that is rolled back. Shared contents make the result hard
 * to predict in any other way.
 */
function rehearse(database: Database, bounds: Bounds): Eviction {
  let eviction: Eviction | undefined
  try {
    database.transaction(() => {
      eviction = evict(database, bounds, {
        copy: (copy) => forgetIndex(database, copy),
        kept: ({ id }) => forgetRows(database, id),
      })
      throw new Rehearsed()
    }, { behavior: 'immediate' })
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error
  }
  return eviction ?? { packages: [], freedBytes: 0, keptBytes: keptBytes(database) }
}

function report({ packages, freedBytes, keptBytes: left }: Eviction, quotaMb: number): void {
  const logger = log('keep')
  if (packages.length > 0) {
    const names = packages.slice(0, 5).map(({ release, folder }) => `${release}/${folder}`).join(', ')
    logger.info(
      `evicted ${count(packages.length, 'package')} (${megabytes(freedBytes)}), the longest unused first: ${names}` +
        (packages.length > 5 ? ', ...' : ''),
    )
  }
  if (left <= quotaMb * MIB) return
  logger.warning(
    `${megabytes(left)} are kept, more than RETRACE_REPO_QUOTA_MB (${quotaMb} MB): ` +
      'running tasks use them, or they are gone upstream',
  )
}
