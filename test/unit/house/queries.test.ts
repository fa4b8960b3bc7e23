/** How the database is asked: by typed queries, each in the file of its table, so that tsc finds a renamed column. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import * as tables from '../../../schema/tables.ts'
import * as staged from '../../../src/packages/index/staged_tables.ts'
import { type Source, sources } from '../../helpers/sources.ts'

const all = sources('src', 'workers')

/** The file of each table, and what else writes to it with the reason. */
const WRITERS: Record<keyof typeof tables, readonly string[]> = {
  packageTime: ['src/runner/package_times.ts'],
  taskMemory: ['src/runner/peaks.ts'],
  crashCount: ['src/runner/crash_table.ts'],
  crashSentence: ['src/runner/end_table.ts'],
  stepTime: ['src/runner/end_table.ts'],
  supplyCount: ['src/runner/end_table.ts'],
  missingFile: ['src/runner/end_table.ts'],
  countedTask: ['src/runner/crash_table.ts'],
  taskId: ['src/spool/task_ids.ts'],
  release: ['src/packages/index/releases.ts'],
  repository: ['src/packages/index/repositories.ts'],
  // What an index says, when it was needed, whether its files are here, since when a newer one is.
  packages: [
    'src/packages/index/merge.ts',
    'src/packages/index/use.ts',
    'src/packages/keep/kept_packages.ts',
    'src/packages/keep/versions.ts',
  ],
  packageLocation: ['src/packages/index/merge.ts'],
  packagePath: ['src/packages/index/merge.ts'],
  packageFile: ['src/packages/index/files.ts'],
  // Of a kept file; of an index, by the hundred thousand.
  buildId: ['src/packages/index/build_ids.ts', 'src/packages/index/merge.ts'],
  lease: ['src/packages/index/lease.ts'],
  packageUse: ['src/packages/index/use.ts'],
  fetchFailure: ['src/packages/supply/failures.ts'],
}

/** Files that only read. */
const READERS = [
  'src/statistics/rows.ts',
  'src/packages/index/locations.ts',
  'src/packages/index/packages.ts',
  'src/packages/index/paths.ts',
  'src/packages/index/summary.ts',
]

/** Files that ask SQLite itself, and for what. */
const WITHOUT_DRIZZLE: Record<string, string> = {
  'src/database/bulk.ts': 'rows by the hundred thousand; the measurement stands there',
  'src/database/database.ts': 'opening, closing, and which migrations are in the file',
  'src/database/driver.ts': 'which of its versions this runtime loads',
  'src/database/upkeep.ts': 'PRAGMA, VACUUM, and a lock that is given back at once',
  'src/database/write.ts': 'PRAGMA: how long a connection waits by itself',
  'src/packages/index/staged_tables.ts': 'CREATE TEMP TABLE, from columns that drizzle knows',
  'src/spool/server_lock.ts': 'a lock on a file of its own, without tables',
}

function paths(found: Source[]): string[] {
  return found.map(({ path }) => path).sort()
}

describe('the queries', () => {
  it('queries stand in the file of a table, and nowhere else', () => {
    const asking = all.filter(({ imports }) => imports.includes('schema/tables.ts'))
    expect(paths(asking)).toEqual([...new Set([...Object.values(WRITERS).flat(), ...READERS])].sort())
  })

  it('only these files and what they share build queries by drizzle', () => {
    const shared = ['bulk', 'database', 'prepared'].map((name) => `src/database/${name}.ts`)
    const known = [...Object.values(WRITERS).flat(), ...READERS, ...shared, 'src/packages/index/staged_tables.ts']
    const asking = all.filter(({ packages }) => packages.some((name) => name.startsWith('drizzle-orm')))
    expect(paths(asking)).toEqual([...new Set(known)].sort())
  })

  it('a table is written to only where that is its business', () => {
    const found: Record<string, string[]> = {}
    for (const { path, text } of all) {
      const aliases = new Map([...text.matchAll(/\b(\w+) as (\w+)\b/g)].map(([, name, alias]) => [alias, name]))
      for (const [, name = ''] of text.matchAll(/\.(?:insert|update|delete)\((\w+)\)/g)) {
        const table = aliases.get(name) ?? name
        if (table in tables && text.includes('schema/tables.ts')) found[table] = [...found[table] ?? [], path]
      }
    }
    const once = Object.fromEntries(Object.entries(found).map(([table, files]) => [table, [...new Set(files)].sort()]))
    expect(once).toEqual(WRITERS)
  })
})

describe('SQL that drizzle does not write', () => {
  it('SQL that drizzle does not write stands in the files that say why', () => {
    const asking = all.filter(({ text, imports, packages }) =>
      text.includes('$client') || packages.includes('better-sqlite3') || imports.includes('src/database/driver.ts')
    )
    expect(paths(asking)).toEqual(Object.keys(WITHOUT_DRIZZLE).sort())
    expect(paths(all.filter(({ text }) => text.includes('sql.raw(')))).toEqual(['src/database/prepared.ts'])
  })

  it('fragments of SQL name no table and no column: what is renamed would be missed', () => {
    const known = [...Object.values(tables), ...Object.values(staged)].filter((one) => is(one, SQLiteTable))
    const names = new Set(
      known.flatMap((table) => [getTableName(table), ...Object.values(getTableColumns(table)).map(({ name }) => name)]),
    )
    expect(names.size).toBeGreaterThan(40)
    const guilty = all.flatMap(({ path, text }) =>
      fragments(text).flatMap((fragment) =>
        (fragment.toLowerCase().match(/\w+/g) ?? []).filter((word) => names.has(word)).map((word) => `${path}: ${word}`)
      )
    )
    expect(guilty).toEqual([])
  })
})

/** The texts of all fragments of SQL in a source, without what is put into them. */
function fragments(text: string): string[] {
  return [...text.matchAll(/\bsql(?:<[^`]*>)?`/g)].map(({ index, 0: { length } }) => {
    const written: string[] = []
    let depth = 0
    for (let at = index + length; at < text.length; at++) {
      const two = text.slice(at, at + 2)
      if (depth === 0 && text[at] === '`') break
      if (two === '${') {
        depth++
        written.push(' ')
      } else if (depth > 0 && text[at] === '}') depth--
      else if (depth === 0) written.push(text[at] ?? '')
    }
    return written.join('')
  })
}
