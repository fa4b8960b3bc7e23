import { Buffer } from 'node:buffer'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import { describe, expect, it } from 'vitest'
import { closeDatabase, openDatabase } from '../../src/database/database.ts'
import { Sqlite, type SqliteConnection } from '../../src/database/driver.ts'
import { locationsOf } from '../../src/packages/index/locations.ts'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'

/** Makes a database as the first so many migrations leave it. */
function oldDatabase(folder: string, file: string, count: number): SqliteConnection {
  const [from, to] = [join(installationRoot(), 'schema/migrations'), join(folder, 'migrations')]
  cpSync(from, to, { recursive: true })
  const journal = JSON.parse(readFileSync(join(from, 'meta/_journal.json'), 'utf8')) as { entries: unknown[] }
  writeFileSync(
    join(to, 'meta/_journal.json'),
    JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }),
  )
  mkdirSync(join(folder, 'db'))
  const client = new Sqlite(file, {})
  migrate(drizzle(client), { migrationsFolder: to })
  return client
}

describe('a database of a version before SHA512 counted', () => {
  it('a database of a version before SHA512 has the same packages after its migration, by the SHA256 that each had', async () => {
    await using folder = await temporaryFolder()
    const file = folder.file('db/retrace.db')
    const old = oldDatabase(folder.path, file, 3)
    const sha256 = Buffer.alloc(32, 7)
    old.exec(`INSERT INTO release (id, name) VALUES (1, 'debian-12-amd64');
      INSERT INTO repository (id, release_id, format, uri, suite, component, architecture, fetch, superseded)
        VALUES (1, 1, 'deb', 'http://archive.example/', 'bookworm', 'main', 'amd64', 'on-demand', 'keep')`)
    old.prepare(
      `INSERT INTO package (id, release_id, name, version, architecture, source, source_version, is_debug, size, sha256, added)
       VALUES (1, 1, 'alpha', '1.0-1', 'amd64', 'alpha', '1.0-1', 0, 10, ?, 1)`,
    ).run(sha256)
    old.exec(`INSERT INTO package_location (package_id, repository_id, path) VALUES (1, 1, 'pool/alpha.deb')`)
    old.close()
    const database = openDatabase(file, { migrate: true })
    expect(locationsOf(database, 1)).toMatchObject([{ path: 'pool/alpha.deb', identity: sha256, sha512: null }])
    const again = `INSERT OR IGNORE INTO package
      (release_id, name, version, architecture, source, source_version, is_debug, size, identity, added)
      SELECT release_id, name, version, architecture, source, source_version, is_debug, size, identity, added FROM package`
    expect(database.$client.prepare(again).run().changes).toBe(0)
    closeDatabase(database)
  })
})
