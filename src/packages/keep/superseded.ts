/**
 * `X-Retrace-Superseded: one-week`: the files of a version go a week after a newer one stood beside it, as the design
 * wants for Rawhide. Owns the week. Refuses to take what a running task uses, and what any repository that
 * still has it wants kept; the version stays known.
 */
import type { Database } from '../../database/database.ts'
import { formatNamed, type PackageNaming } from '../format/naming.ts'
import { releasesWithOneWeek } from '../index/repositories.ts'
import { NAMINGS } from '../naming/namings.ts'
import { removeKept } from './kept.ts'
import type { KeptPackage } from './kept_packages.ts'
import { noteSince, supersededSince, type VersionRow, versionsBeside } from './versions.ts'
import { DAY_S } from '../../units/time.ts'

const WEEK_S = 7 * DAY_S

/** Notes of each version since when a newer one is upstream beside it, in releases where that matters. Unix seconds. */
export function noteSuperseded(
  database: Database,
  now: number,
  namings: readonly PackageNaming[] = NAMINGS,
): void {
  for (const releaseId of releasesWithOneWeek(database)) {
    noteSince(database, supersededChanges(versionsBeside(database, releaseId), now, namings))
  }
}

/** What has to be noted anew of the versions of a release. */
export function supersededChanges(
  rows: VersionRow[],
  now: number,
  namings: readonly PackageNaming[] = NAMINGS,
): { id: number; superseded: number | null }[] {
  const byName = new Map<string, VersionRow[]>()
  for (const row of rows) byName.set(row.name, [...byName.get(row.name) ?? [], row])
  return rows.flatMap((row) => {
    const naming = formatNamed(row.format, namings)
    const isSuperseded = (byName.get(row.name) ?? []).some((other) =>
      other.gone === null && isOneArchitecture(naming, other.architecture, row.architecture) &&
      naming.compareVersions(other.version, row.version) > 0
    )
    const superseded = isSuperseded ? row.superseded ?? now : null
    return superseded === row.superseded ? [] : [{ id: row.id, superseded }]
  })
}

function isOneArchitecture(naming: PackageNaming, a: string, b: string): boolean {
  return a === b || naming.isIndependent(a) || naming.isIndependent(b)
}

/** Kept packages whose week is over. */
export function overdue(database: Database, now: number): KeptPackage[] {
  return supersededSince(database, now - WEEK_S)
}

/** Removes the files of versions whose week is over; those that were removed, the others are in use. */
export function removeSuperseded(database: Database, repoDir: string, now: number): KeptPackage[] {
  return overdue(database, now).filter((kept) => removeKept(database, repoDir, kept) !== undefined)
}
