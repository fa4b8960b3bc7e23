/** What `/settings` and `/checkpackage` ask of the index (docs/http.md, 'For the ABRT client'). */
import type { Database } from '../database/database.ts'
import { architectureNamed, architectureRow } from '../elf/architecture.ts'
import { PackageIndex } from './index/lookup.ts'
import { packageReadings } from './package_name.ts'
import { releaseId } from './release/release_id.ts'

export { supportedReleases } from './index/repositories.ts'

export interface PackageQuestion {
  /** `name-[epoch:]version-release`, without architecture. */
  nvr: string
  /** Any spelling; Debian's `all` and RPM's `noarch` too. */
  arch: string
  /** Release id with architecture, in the client's or the distribution's spelling. */
  release: string
}

/** Whether an index names exactly this package in this release; false for what cannot be understood. */
export function isPackageKnown(database: Database, { nvr, arch, release }: PackageQuestion): boolean {
  const isIndependent = arch === 'all' || arch === 'noarch'
  const canonical = architectureNamed(arch)
  if (canonical === undefined && !isIndependent) return false
  const id = releaseId(release, undefined)
  const machine = id === undefined ? undefined : architectureNamed(id.slice(id.lastIndexOf('-') + 1))
  if (id === undefined || machine === undefined) return false
  // The id's own architecture must hold the package's: a question that contradicts itself is answered with no.
  if (!isIndependent && canonical !== machine && canonical !== architectureRow(machine).multilib) return false
  const index = new PackageIndex(database)
  return packageReadings(nvr).some(({ name, version }) =>
    version !== undefined &&
    index.exactly(name, version).some((row) =>
      row.release === id && (isAll(row.architecture) || architectureNamed(row.architecture) === canonical)
    )
  )
}

function isAll(architecture: string): boolean {
  return architecture === 'all' || architecture === 'noarch'
}
