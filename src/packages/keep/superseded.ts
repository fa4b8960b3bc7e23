/**
 * `X-Retrace-Superseded: one-week`: the files of a version go a week after a newer one stood beside it, as the design
 * wants for Rawhide. Files stay while a running task uses them, or when any repository that still has the version wants
 * it kept; the version stays known in any case.
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

/**
 * Notes since when (Unix seconds) a newer version has been upstream beside each version, in releases where that
 * matters.
 */
export function noteSuperseded(
  database: Database,
  now: number,
  namings: readonly PackageNaming[] = NAMINGS,
): void {
  for (const releaseId of releasesWithOneWeek(database)) {
    noteSince(database, supersededChanges(versionsBeside(database, releaseId), now, namings))
  }
}

/** The versions of a release whose note has to change. */
function supersededChanges(
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

/** Removes the files of versions whose week is over, but for those in use; returns what was removed. */
export function removeSuperseded(database: Database, repoDir: string, now: number): KeptPackage[] {
  return overdue(database, now).filter((kept) => removeKept(database, repoDir, kept) !== undefined)
}
