/**
 * `abrt-reposync --verify`: compares kept files with the index. All damaged packages are removed before one is fetched
 * again, since damage can be shared; a package that is gone upstream loses its damaged files only. Then strays are
 * removed.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { stdout } from 'node:process'
import { EXIT } from '../../src/program/program.ts'
import { FetchError } from '../../src/packages/format/error.ts'
import { FORMATS } from '../../src/packages/formats.ts'
import { fetchPackage } from '../../src/packages/supply/package.ts'
import { PackageIndex } from '../../src/packages/index/lookup.ts'
import { canBeFetched } from '../../src/packages/index/locations.ts'
import { packagesInUse } from '../../src/packages/index/use.ts'
import type { Database } from '../../src/database/database.ts'
import { isIndexPath } from '../../src/packages/keep/debug_index.ts'
import { noteLost, removeKept } from '../../src/packages/keep/kept.ts'
import { type KeptPackage, keptPackages } from '../../src/packages/keep/kept_packages.ts'
import { removeStrays } from '../../src/packages/keep/strays.ts'
import { type Fault, Verifier } from '../../src/packages/keep/verify.ts'
import type { Arguments } from './command/arguments.ts'
import { assertKnown, isWanted } from './command/releases.ts'
import type { Services } from './sync_all.ts'
import { count } from '../../src/text/count.ts'

/** Checks and repairs all of it; resolves with the exit code: 0 when all is whole by now. */
export async function verifyKept(options: Arguments, services: Services): Promise<number> {
  const { config, database, signal } = services
  const { dryRun } = options
  assertKnown(options.releases, new PackageIndex(database, services.formats).releases().map(({ name }) => name))
  const wanted = keptPackages(database).filter(({ release }) => isWanted(options.releases, release))
  const verifier = new Verifier(database, config.repoDir)
  const counts = { damaged: 0, failed: 0 }
  const lost: KeptPackage[] = []
  for (const kept of wanted) {
    if (signal.aborted) return EXIT.failed
    const faults = await verifier.faults(kept)
    if (faults.length === 0) continue
    counts.damaged++
    say(kept, `${repair(kept, faults, { services, dryRun, lost })}: ${sentences(faults)}`)
  }
  for (const kept of lost) {
    if (signal.aborted) return EXIT.failed
    if (!await fetchAgain(kept, services)) counts.failed++
  }
  const strays = removeStrays(database, config.repoDir, { dryRun })
  for (const name of strays) stdout.write(`${name}: ${dryRun ? 'would be removed' : 'removed'}: it is nobody's\n`)
  const failed = counts.failed > 0 ? `, ${counts.failed} of them could not be fetched again` : ''
  stdout.write(
    `${count(wanted.length, 'package')} checked, ${counts.damaged} damaged${failed}, ${
      count(strays.length, 'stray')
    }\n`,
  )
  return counts.failed > 0 ? EXIT.failed : EXIT.done
}

function lose(database: Database, { id }: KeptPackage, file: string, path: string): void {
  noteLost(database, { id, path })
  rmSync(file, { force: true })
}

/** What was done about the damage, or would be. */
function repair(
  kept: KeptPackage,
  faults: Fault[],
  { services: { config, database }, dryRun, lost }: { services: Services; dryRun: boolean; lost: KeptPackage[] },
): string {
  const root = join(config.repoDir, kept.release, kept.folder)
  if (faults.every(({ isStray }) => isStray)) {
    for (const { path } of dryRun ? [] : faults) rmSync(join(root, path), { force: true })
    return dryRun ? 'files would be removed' : 'files removed'
  }
  if (faults.every(({ path, isStray }) => isStray || isIndexPath(path))) {
    for (const { path } of dryRun ? [] : faults) lose(database, kept, join(root, path), path)
    return dryRun ? 'indices would be removed' : 'indices removed, which are made again'
  }
  if (packagesInUse(database).has(kept.id)) return 'left for now, a running task uses it'
  if (canBeFetched(database, kept.id)) {
    if (dryRun) return 'would be fetched again'
    if (removeKept(database, config.repoDir, kept) === undefined) return 'left for now, a running task uses it'
    lost.push(kept)
    return 'removed, to be fetched again'
  }
  for (const { path } of dryRun ? [] : faults) lose(database, kept, join(root, path), path)
  return dryRun ? 'gone upstream: files would be removed' : 'gone upstream: files removed, the others kept'
}

async function fetchAgain(
  kept: KeptPackage,
  { config, database, signal, formats = FORMATS }: Services,
): Promise<boolean> {
  const row = new PackageIndex(database, formats).again(kept.id)
  if (row === undefined) return false
  try {
    await fetchPackage(row, { config, database, signal, formats, say: () => undefined })
    say(kept, 'fetched again')
    return true
  } catch (error) {
    if (!(error instanceof FetchError)) throw error
    say(kept, `not fetched again: ${error.message}`)
    return false
  }
}

function say({ release, folder }: KeptPackage, what: string): void {
  stdout.write(`${release}/${folder}: ${what}\n`)
}

function sentences(faults: Fault[]): string {
  const more = faults.length > 3 ? `; and ${faults.length - 3} more` : ''
  return faults.slice(0, 3).map(({ sentence }) => sentence).join('; ') + more
}
