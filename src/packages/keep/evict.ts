/**
 * RETRACE_REPO_QUOTA_MB: what was longest unused goes first, until the rest fits. Owns that order. Refuses to take what
 * a running task uses: then more stays than the quota allows, and the log says so. An evicted package stays known, and
 * comes back when it is next needed; one that is gone upstream cannot, so a sync spares it.
 */
import type { Config } from '../../config/config.ts'
import type { Database } from '../../database/database.ts'
import { log } from '../../telemetry/log.ts'
import { isLease, takeLease } from '../index/lease.ts'
import { canBeFetched } from '../index/locations.ts'
import { packagesInUse } from '../index/use.ts'
import { forgetRows, removeKept } from './kept.ts'
import { keptBytes, type KeptPackage, keptPackages } from './kept_packages.ts'
import { megabytes, MIB } from '../../units/bytes.ts'

export interface Eviction {
  packages: KeptPackage[]
  freedBytes: number
  /** Bytes that are, or would be, kept afterwards. */
  keptBytes: number
}

export interface EvictOptions {
  /** Only say what would go. */
  dryRun?: boolean
  /** Leave what could not be fetched again. */
  spareGone?: boolean
}

/** Brings the kept files under the quota. Costs one question when they are. */
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
  const eviction = evict(database, { quota, spareGone }, (kept) => removeKept(database, repoDir, kept))
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
  remove: (kept: KeptPackage) => number | undefined,
): Eviction {
  const eviction: Eviction = { packages: [], freedBytes: 0, keptBytes: keptBytes(database) }
  const used = packagesInUse(database)
  for (const kept of keptPackages(database)) {
    if (eviction.keptBytes <= quota) break
    if (used.has(kept.id) || (spareGone && !canBeFetched(database, kept.id))) continue
    const freed = remove(kept)
    if (freed === undefined) continue
    eviction.packages.push(kept)
    eviction.freedBytes += freed
    eviction.keptBytes = keptBytes(database)
  }
  return eviction
}

class Rehearsed extends Error {}

/** The same on the rows alone, taken back: what packages share makes it hard to foretell in any other way. */
function rehearse(database: Database, bounds: Bounds): Eviction {
  let eviction: Eviction | undefined
  try {
    database.transaction(() => {
      eviction = evict(database, bounds, ({ id }) => forgetRows(database, id))
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
      `evicted ${packages.length} packages (${megabytes(freedBytes)}), the longest unused first: ${names}` +
        (packages.length > 5 ? ', ...' : ''),
    )
  }
  if (left <= quotaMb * MIB) return
  logger.warning(
    `${megabytes(left)} are kept, more than RETRACE_REPO_QUOTA_MB (${quotaMb} MB): ` +
      'running tasks use them, or they are gone upstream',
  )
}
