/**
 * `package_time` stays small (docs/design.txt, chapter 2.5): of each package and release the newest 100 rows, by the
 * design's own queries.
 */
import type { Database } from '../../src/database/database.ts'

const KEPT_ROWS = 100

/** Deletes the older rows, or only counts them; how many. */
export function pruneTimings(database: Database, { dryRun }: { dryRun: boolean }): number {
  const client = database.$client
  const subjects = client.prepare('SELECT DISTINCT package, release FROM package_time').all() as Subject[]
  const count = client.prepare('SELECT COUNT(*) AS rows FROM package_time WHERE package IS ? AND release IS ?')
  const highest = client.prepare(
    'SELECT id FROM package_time WHERE package IS ? AND release IS ? ORDER BY id LIMIT 1 OFFSET ?',
  )
  const remove = client.prepare('DELETE FROM package_time WHERE package IS ? AND release IS ? AND id <= ?')
  let pruned = 0
  for (const { package: name, release } of subjects) {
    const { rows } = count.get(name, release) as { rows: number }
    if (rows <= KEPT_ROWS) continue
    if (dryRun) pruned += rows - KEPT_ROWS
    else {
      // The design's offset is the number of rows minus 100; counted from 0 that is the oldest row that stays.
      const last = highest.get(name, release, rows - KEPT_ROWS - 1) as { id: number } | undefined
      if (last !== undefined) pruned += remove.run(name, release, last.id).changes
    }
  }
  return pruned
}

interface Subject {
  package: string | null
  release: string | null
}
