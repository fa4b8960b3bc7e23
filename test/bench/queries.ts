/**
 * Figures of the queries: look-ups among a million build-ids, and what typed queries cost against plain SQL by the
 * driver; then the two things that are done for speed alone, against what would stand there without them.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { buildId, packages, release } from '../../schema/tables.ts'
import { bulkInsert } from '../../src/database/bulk.ts'
import { closeDatabase, type Database, openDatabase } from '../../src/database/database.ts'
import { fixedLimit } from '../../src/database/prepared.ts'
import { packagesWith } from '../../src/packages/index/build_ids.ts'
import { createStaged, stagedPath } from '../../src/packages/index/staged_tables.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { absolute, against, alternate, type Figure, percentile } from './figure.ts'
import { GOALS } from './goals.ts'

const FEW = 10_000
const MANY = 1_000_000
const LOOKUPS = 5000
const ROWS = 400_000
const PER_TRANSACTION = 1000

/** What `packagesWith()` asks, as it would be written for the driver. */
const PLAIN = `SELECT p.id, p.release_id AS releaseId, r.name AS release,
    (SELECT y.format FROM repository y WHERE y.release_id = r.id LIMIT 1) AS format, p.name, p.version, p.architecture,
    p.source, p.source_version AS sourceVersion, p.is_debug AS isDebug, p.size, p.gone, p.folder
  FROM build_id b JOIN package p ON p.id = b.package_id JOIN release r ON r.id = p.release_id
  WHERE b.build_id = ? AND b.role = ? ORDER BY p.release_id IS NOT ?, p.gone IS NOT NULL, p.id DESC LIMIT 50`

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  yield* lookUpFigures(folder)
  yield* insertFigures(folder)
}

function* lookUpFigures(folder: Folder): Generator<Figure> {
  const few = filled(folder.file('few.db'), FEW)
  const many = filled(folder.file('many.db'), MANY)
  const ask = (database: Database) => (id: string) => packagesWith(database, id, { role: 'debug', releaseId: 1 })
  const ours = timed(MANY, ask(many))
  yield absolute('build-id-lookup-p99', percentile(ours, 99), { unit: 'ms', goal: GOALS['build-id-lookup-p99'] })
  yield against('build-id-lookup-1000000-over-10000', {
    ours: percentile(ours, 50),
    theirs: percentile(timed(FEW, ask(few)), 50),
  }, { unit: 'ms', goal: 2 })
  const plain = many.$client.prepare(PLAIN)
  yield against('build-id-lookup-over-plain-sql', {
    ours: percentile(ours, 50),
    theirs: percentile(timed(MANY, (id) => plain.all(idBytes(id), 'debug', 1)), 50),
  }, { unit: 'ms', goal: 1.3 })
  const limited = (limit: number | ReturnType<typeof fixedLimit>) => {
    const statement = many.select({ id: packages.id }).from(packages)
      .where(sql`${packages.id} = ${sql.placeholder('id')}`).limit(limit).prepare()
    return timed(MANY, (id) => statement.all({ id: Number.parseInt(id.slice(0, 4), 16) % 1000 + 1 }))
  }
  yield against('lookup-with-a-fixed-limit-over-a-bound-one', {
    ours: percentile(limited(fixedLimit(1)), 50),
    theirs: percentile(limited(1), 50),
  }, { unit: 'ms', goal: 1 })
  for (const database of [few, many]) closeDatabase(database)
}

async function* insertFigures(folder: Folder): AsyncGenerator<Figure> {
  const database = openDatabase(folder.file('staged.db'), { migrate: true })
  createStaged(database)
  const rows = Array.from({ length: ROWS }, (_, at) => ({
    path: `/usr/lib/x86_64-linux-gnu/folder${at % 1000}/lib${at}.so.1.2.3`,
    name: `package${at % 30_000}`,
  }))
  const round = (insert: (row: (typeof rows)[number]) => unknown) => () => {
    database.delete(stagedPath).run()
    for (let at = 0; at < rows.length; at += PER_TRANSACTION) {
      database.transaction(() => {
        for (const row of rows.slice(at, at + PER_TRANSACTION)) insert(row)
      })
    }
    return Promise.resolve()
  }
  const bulk = bulkInsert(database, stagedPath, ['path', 'name'])
  const ours = round(({ path, name }) => bulk(path, name))
  const plain = database.$client.prepare('INSERT INTO temp.staged_path VALUES (?, ?)')
  yield against(
    'bulk-insert-over-plain-sql',
    await alternate(ours, round(({ path, name }) => plain.run(path, name)), 3),
    {
      unit: 's',
      goal: 1.3,
    },
  )
  const typed = database.insert(stagedPath).values({ path: sql.placeholder('path'), name: sql.placeholder('name') })
    .prepare()
  yield against('bulk-insert-over-drizzle', await alternate(ours, round((row) => typed.run(row)), 3), {
    unit: 's',
    goal: 1,
  })
  closeDatabase(database)
}

/** A database with so many build-ids, twenty to a package. */
function filled(file: string, count: number): Database {
  const database = openDatabase(file, { migrate: true })
  database.insert(release).values({ id: 1, name: 'debian-12-amd64' }).run()
  database.transaction(() => {
    const id = bulkInsert(database, buildId, ['buildId', 'role', 'packageId'])
    for (let at = 0; at < count; at++) {
      const owner = Math.floor(at / 20) + 1
      if (at % 20 === 0) addPackage(database, owner)
      id(idBytes(idOf(at)), 'debug', owner)
    }
  })
  return database
}

function addPackage(database: Database, owner: number): void {
  database.insert(packages).values({
    id: owner,
    releaseId: 1,
    name: `package${owner}`,
    version: '1',
    architecture: 'amd64',
    source: 'source',
    sourceVersion: '1',
    isDebug: true,
    size: 1,
    identity: idBytes(idOf(-owner)),
    added: 0,
  }).run()
}

/** Milliseconds of each of 5000 look-ups of random build-ids among `count`, after some that do not count. */
function timed(count: number, ask: (id: string) => unknown[]): number[] {
  const times: number[] = []
  for (let at = -1000; at < LOOKUPS; at++) {
    const id = idOf(Math.floor(Math.random() * count))
    const start = performance.now()
    const found = ask(id).length
    if (at >= 0) times.push(performance.now() - start)
    if (found !== 1) throw new Error(`Expected one row, got ${found}`)
  }
  return times
}

function idOf(at: number): string {
  return createHash('sha1').update(String(at)).digest('hex')
}

function idBytes(id: string): Buffer {
  return Buffer.from(id, 'hex')
}
