/** What `/settings` and `/checkpackage` ask of the index (docs/http.md, 'For the ABRT client'). */
import type { Database } from '../database/database.ts'
import { architectureNamed } from '../elf/architecture.ts'
import type { PackageNaming } from './format/naming.ts'
import { PackageIndex, type PackageRow } from './index/lookup.ts'
import { NAMINGS } from './naming/namings.ts'
import { packageReadings } from './naming/package_name.ts'
import { isSameRelease, releaseId } from './release/release_id.ts'

export { supportedReleases } from './index/releases.ts'

export interface PackageQuestion {
  /** `name-[epoch:]version-release` or `epoch:name-version-release`; without an epoch any epoch is meant. */
  nvr: string
  /** Any spelling, those that are for every machine too. */
  arch: string
  /** Release id with architecture, in the client's or the distribution's spelling. */
  release: string
}

/** Whether an index names this package in this release; false for what cannot be understood. */
export function isPackageKnown(
  database: Database,
  { nvr, arch, release }: PackageQuestion,
  namings: readonly PackageNaming[] = NAMINGS,
): boolean {
  const asked = namings.some((naming) => naming.isIndependent(arch)) ? 'independent' : architectureNamed(arch)
  const id = releaseId(release, undefined)
  const machine = id === undefined ? undefined : architectureNamed(id.slice(id.lastIndexOf('-') + 1))
  if (asked === undefined || id === undefined || machine === undefined) return false
  const isAsked = ({ naming, architecture, release }: PackageRow) =>
    isSameRelease(release, id) &&
    // The id's own architecture must hold the package's: a question that contradicts itself is answered with no.
    (asked === 'independent' || asked === machine || asked === naming.multilib(machine)) &&
    (naming.isIndependent(architecture) || architectureNamed(architecture) === asked)
  const index = new PackageIndex(database, namings)
  return packageReadings(nvr, namings).some(({ name, version }) =>
    version !== undefined && index.ofVersion(name, version).some(isAsked)
  )
}
