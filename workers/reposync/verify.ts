/**
 * `abrt-reposync --verify`: kept files against the index: there, of the size and with the build-id that it says.
 * A package that is damaged is removed as a whole, and comes back verified when it is next needed.
 */
import { stdout } from 'node:process'
import { EXIT } from '../../src/program.ts'
import { forgetKept, keptPackages, verifyKeptPackage } from '../../src/packages/keep/kept.ts'
import type { Arguments } from './arguments.ts'
import type { Services } from './sync_all.ts'

/** Checks all of it; resolves with the exit code: 0 also when damaged packages were removed. */
export function verifyKept(options: Arguments, { config, database, signal }: Services): number {
  let checked = 0
  let damaged = 0
  for (const kept of keptPackages(database)) {
    if (signal.aborted) return EXIT.failed
    if (options.releases.length > 0 && !options.releases.some((one) => isOf(kept.release, one))) continue
    checked++
    const faults = verifyKeptPackage(database, config.repoDir, kept)
    if (faults.length === 0) continue
    damaged++
    const what = options.dryRun ? 'would be removed' : 'removed'
    stdout.write(`${kept.release}/${kept.folder}: ${what}: ${faults.slice(0, 3).join('; ')}\n`)
    if (!options.dryRun) forgetKept(database, config.repoDir, kept)
  }
  stdout.write(`${checked} packages checked, ${damaged} damaged\n`)
  return EXIT.done
}

function isOf(release: string, wanted: string): boolean {
  return release === wanted || release.startsWith(`${wanted}-`)
}
