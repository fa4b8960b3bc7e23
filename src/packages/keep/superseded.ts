/**
 * `X-Retrace-Superseded: one-week`: the files of a version go a week after a newer one stood beside it, as the design
 * wants for Rawhide. Owns `package.superseded`. Refuses to take what a running task uses, and what any repository that
 * still has it wants kept; the version stays known.
 */
import type { Database } from '../../database/database.ts'
import { formatNamed, type PackageNaming } from '../format/naming.ts'
import { NAMINGS } from '../naming/namings.ts'
import { type KeptPackage, removeKept } from './kept.ts'
import { DAY_S } from '../../units/time.ts'

const WEEK_S = 7 * DAY_S

/** Last seen in a repository with `one-week`, and in none with `keep` now. */
const ONE_WEEK = `p.repository_id IN (SELECT id FROM repository WHERE superseded = 'one-week')
  AND NOT EXISTS (SELECT 1 FROM package_location l JOIN repository y ON y.id = l.repository_id
    WHERE l.package_id = p.id AND y.superseded <> 'one-week')`

interface VersionRow {
  id: number
  name: string
  version: string
  architecture: string
  gone: number | null
  superseded: number | null
  format: string
}

/** Notes of each version since when a newer one is upstream beside it, in releases where that matters. Unix seconds. */
export function noteSuperseded(
  database: Database,
  now: number,
  namings: readonly PackageNaming[] = NAMINGS,
): void {
  const client = database.$client
  const releases = client.prepare(`SELECT DISTINCT release_id FROM repository WHERE superseded = 'one-week'`)
    .pluck().all() as number[]
  const rows = client.prepare(
    `SELECT p.id, p.name, p.version, p.architecture, p.gone, p.superseded, y.format
     FROM package p JOIN repository y ON y.id = p.repository_id
     WHERE p.release_id = :release AND p.name IN
       (SELECT name FROM package WHERE release_id = :release GROUP BY name HAVING count(*) > 1)`,
  )
  const note = client.prepare('UPDATE package SET superseded = ? WHERE id = ?')
  for (const release of releases) {
    const changes = supersededChanges(rows.all({ release }) as VersionRow[], now, namings)
    client.transaction(() => {
      for (const { id, superseded } of changes) note.run(superseded, id)
    }).immediate()
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
  return database.$client.prepare(
    `SELECT p.id, r.name AS release, p.folder FROM package p JOIN release r ON r.id = p.release_id
     WHERE p.kept IS NOT NULL AND p.superseded <= ? AND ${ONE_WEEK} ORDER BY p.id`,
  ).all(now - WEEK_S) as KeptPackage[]
}

/** Removes the files of versions whose week is over; those that were removed, the others are in use. */
export function removeSuperseded(database: Database, repoDir: string, now: number): KeptPackage[] {
  return overdue(database, now).filter((kept) => removeKept(database, repoDir, kept) !== undefined)
}
