/** `abrt-reposync --status`: what each release has, as a table for people. */
import { stdout } from 'node:process'
import type { Database } from '../../src/database.ts'
import { EXIT } from '../../src/program.ts'

interface StatusRow {
  release: string
  known: number
  gone: number
  here: number
  bytes: number
  synced: number | null
  error: string | null
}

/** Prints the table; resolves with the exit code. */
export function printStatus(database: Database, releases: string[]): number {
  const rows = statusRows(database).filter(({ release }) =>
    releases.length === 0 || releases.some((one) => release === one || release.startsWith(`${one}-`))
  )
  stdout.write(statusTable(rows))
  return EXIT.done
}

/** Packages are counted in one pass over them: there can be millions. */
function statusRows(database: Database): StatusRow[] {
  return database.$client.prepare(
    `SELECT r.name AS release, coalesce(p.known, 0) AS known, coalesce(p.gone, 0) AS gone,
       coalesce(p.here, 0) AS here, coalesce(p.bytes, 0) AS bytes,
       (SELECT min(synced) FROM repository y WHERE y.release_id = r.id) AS synced,
       (SELECT group_concat(y.sentence, '; ') FROM
         (SELECT DISTINCT release_id, suite || ': ' || error AS sentence FROM repository WHERE error IS NOT NULL) y
         WHERE y.release_id = r.id) AS error
     FROM release r LEFT JOIN (
       SELECT release_id, count(*) AS known, count(gone) AS gone, count(kept) AS here, sum(kept_bytes) AS bytes
       FROM package GROUP BY release_id) p ON p.release_id = r.id
     ORDER BY r.name`,
  ).all() as StatusRow[]
}

/** The table; one line that says so when there is nothing. */
export function statusTable(rows: StatusRow[]): string {
  if (rows.length === 0) return 'No release is known yet: run abrt-reposync\n'
  const cells = rows.map((row) => [
    row.release,
    String(row.known),
    String(row.here),
    String(row.gone),
    `${(row.bytes / 2 ** 20).toFixed(1)} MB`,
    row.synced === null ? 'never' : new Date(row.synced * 1000).toISOString().replace('.000', ''),
    row.error ?? '-',
  ])
  const table = [['RELEASE', 'KNOWN', 'HERE', 'GONE', 'SIZE', 'LAST SUCCESS', 'LAST ERROR'], ...cells]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join(
    '\n',
  ) +
    '\n'
}
