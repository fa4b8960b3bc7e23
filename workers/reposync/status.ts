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

function statusRows(database: Database): StatusRow[] {
  return database.$client.prepare(
    `SELECT r.name AS release,
       (SELECT count(*) FROM package p WHERE p.release_id = r.id) AS known,
       (SELECT count(*) FROM package p WHERE p.release_id = r.id AND p.gone IS NOT NULL) AS gone,
       (SELECT count(*) FROM package p WHERE p.release_id = r.id AND p.kept IS NOT NULL) AS here,
       (SELECT coalesce(sum(kept_bytes), 0) FROM package p WHERE p.release_id = r.id) AS bytes,
       (SELECT min(synced) FROM repository y WHERE y.release_id = r.id) AS synced,
       (SELECT group_concat(DISTINCT y.suite || ': ' || y.error) FROM repository y
         WHERE y.release_id = r.id AND y.error IS NOT NULL) AS error
     FROM release r ORDER BY r.name`,
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
