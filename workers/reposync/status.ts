/** `abrt-reposync --status`: a table of what each release has. */
import { stdout } from 'node:process'
import type { Database } from '../../src/database/database.ts'
import { readConfiguration } from '../../src/packages/configuration.ts'
import { newestDate } from '../../src/packages/index/repositories.ts'
import { type RepositorySummary, summarizeRepositories } from '../../src/packages/index/summary.ts'
import { escapeText } from '../../src/text/escape.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { EXIT } from '../../src/program/program.ts'
import { assertKnown, isWanted } from './command/releases.ts'
import { nameOf } from './sync_suite.ts'
import { megabytes } from '../../src/units/bytes.ts'

/**
 * Prints the table, what the configuration leaves unverified, and suites that never came; resolves with the exit code.
 */
export function printStatus(database: Database, { releases, reposD }: { releases: string[]; reposD: string }): number {
  const rows = summarizeRepositories(database)
  assertKnown(releases, rows.map(({ release }) => release))
  stdout.write(statusTable(rows.filter(({ release }) => isWanted(releases, release))))
  for (const remark of remarks(database, reposD)) stdout.write(`${remark}\n`)
  return EXIT.done
}

function remarks(database: Database, reposD: string): string[] {
  try {
    const { repositories, faults } = readConfiguration(reposD)
    const unverified = repositories.flatMap((one) => one.remarks?.map((remark) => `[${one.suite}] ${remark}`) ?? [])
    const missing = repositories.filter((one) => newestDate(database, one) === undefined)
      .map((one) => `${nameOf(one)} (${one.file}:${one.line}) was never synced; abrt-reposync says why`)
    return [...new Set([...faults, ...unverified, ...missing])]
  } catch (error) {
    // The table is about what is here, so a faulty configuration file does not keep it from being shown.
    if (error instanceof UsageError) return [error.message]
    throw error
  }
}

/** The table; one line that says so when there is nothing. */
export function statusTable(rows: RepositorySummary[]): string {
  if (rows.length === 0) return 'No release is known yet: run abrt-reposync\n'
  const cells = rows.map((row) => [
    row.release,
    String(row.known),
    String(row.here),
    String(row.gone),
    megabytes(row.bytes),
    row.synced === null ? 'never' : new Date(row.synced * 1000).toISOString().replace('.000', ''),
    row.error === null ? '-' : escapeText(row.error),
  ])
  const table = [['RELEASE', 'KNOWN', 'HERE', 'GONE', 'SIZE', 'LAST SUCCESS', 'LAST ERROR'], ...cells]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join(
    '\n',
  ) +
    '\n'
}
