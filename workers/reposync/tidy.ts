/**
 * What a sync does to the kept files once the indices are up to date: removes versions whose week is over, then evicts
 * what is over the quota, with a sentence on each.
 */
import type { Config } from '../../src/config/config.ts'
import type { Database } from '../../src/database/database.ts'
import type { PackageNaming } from '../../src/packages/format/naming.ts'
import { packagesInUse } from '../../src/packages/index/use.ts'
import { evictOverQuota } from '../../src/packages/keep/evict.ts'
import type { KeptPackage } from '../../src/packages/keep/kept_packages.ts'
import { noteSuperseded, overdue, removeSuperseded } from '../../src/packages/keep/superseded.ts'

/** Does it, or with `dryRun` finds out what would be done; a line for each package. `now`: Unix seconds. */
export function tidy(
  { config, database, formats, now }: {
    config: Pick<Config, 'repoDir' | 'repoQuotaMb'>
    database: Database
    formats?: readonly PackageNaming[]
    now: number
  },
  { dryRun }: { dryRun: boolean },
): string[] {
  if (!dryRun) {
    noteSuperseded(database, now, formats)
    // Workers that were killed did not give back their uses.
    packagesInUse(database)
  }
  const old = dryRun ? overdue(database, now) : removeSuperseded(database, config.repoDir, now)
  const evicted = evictOverQuota(database, config, { dryRun, spareGone: true }).packages
  const lines = (packages: KeptPackage[], why: string) =>
    packages.map(({ release, folder }) =>
      `${release}/${folder}: ${dryRun ? 'its files would be removed' : 'its files were removed'}: ${why}`
    )
  return [
    ...lines(old, 'a newer version has stood beside it for a week'),
    ...lines(evicted, 'the store was over its quota, and it was longest unused'),
  ]
}
