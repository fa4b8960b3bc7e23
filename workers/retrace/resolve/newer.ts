/** Whether the index knows a newer version of a package, so that 'update first' can be the answer to a crash. */
import type { PackageIndex, PackageRow } from '../../../src/packages/index/lookup.ts'

/**
 * The newest version upstream in its release, where that is newer; undefined: there is none. One question to the index
 * for each package.
 */
export function newerVersion(
  { name, version, architecture, releaseId, naming }: PackageRow,
  index: Pick<PackageIndex, 'versionsOf'>,
): string | undefined {
  return index.versionsOf(name, releaseId)
    .filter((row) => row.gone === null && row.architecture === architecture)
    .map((row) => row.version)
    .filter((other) => naming.compareVersions(other, version) > 0)
    .sort(naming.compareVersions).at(-1)
}
