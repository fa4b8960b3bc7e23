/** A database of its own in a temporary folder, and rows for it: what a test of the queries needs, and nothing else. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { buildId, packageFile, packageLocation, packages } from '../../schema/tables.ts'
import { closeDatabase, type Database, isOpen, openDatabase } from '../../src/database/database.ts'
import { releaseRow } from '../../src/packages/index/releases.ts'
import { repositoryRow } from '../../src/packages/index/repositories.ts'
import { temporaryFolder } from './folder.ts'

export interface TemporaryDatabase extends AsyncDisposable {
  database: Database
  /** Absolute. */
  file: string
}

export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const folder = await temporaryFolder()
  const file = folder.file('retrace.db')
  const database = openDatabase(file, { migrate: true })
  return {
    database,
    file,
    async [Symbol.asyncDispose]() {
      if (isOpen(database)) closeDatabase(database)
      await folder[Symbol.asyncDispose]()
    },
  }
}

type Spec = Parameters<typeof repositoryRow>[1]

/** What an administrator's file says of a repository. */
export const SPEC: Spec = {
  format: 'deb',
  uri: 'https://a.example/debian/',
  suite: 'bookworm',
  fetch: 'on-demand',
  superseded: 'keep',
}

/** A repository of `main` for amd64 that feeds a release; the ids of both. */
export function addRepository(
  database: Database,
  { release = 'debian-12-amd64', ...fields }: Partial<Spec> & { release?: string } = {},
): { releaseId: number; repositoryId: number } {
  const releaseId = releaseRow(database, release)
  const part = { releaseId, component: 'main', architecture: 'amd64' }
  return { releaseId, repositoryId: repositoryRow(database, { ...SPEC, ...fields }, part).id }
}

/** A package, `tool` 1 for amd64 when nothing else is said, with a content of its own; its id. */
export function addPackage(
  database: Database,
  fields: Partial<typeof packages.$inferInsert> & { releaseId: number },
): number {
  const { name = 'tool', version = '1' } = fields
  return database.insert(packages).values({
    name,
    version,
    architecture: 'amd64',
    source: name,
    sourceVersion: version,
    isDebug: false,
    size: 1000,
    identity: bytes(JSON.stringify(fields)),
    added: 1,
    ...fields,
  }).returning({ id: packages.id }).get().id
}

export function addLocation(database: Database, packageId: number, repositoryId: number, path = 'pool/a.deb'): void {
  database.insert(packageLocation).values({ packageId, repositoryId, path }).run()
}

/** A build-id that a package holds; lower-case hex. */
export function addBuildId(database: Database, packageId: number, id: string, role = 'code'): void {
  database.insert(buildId).values({ packageId, role, buildId: Buffer.from(id, 'hex') }).run()
}

/** A kept file of a package, code of 100 bytes when nothing else is said. */
export function addKeptFile(
  database: Database,
  fields: Partial<typeof packageFile.$inferInsert> & { packageId: number; path: string },
): void {
  database.insert(packageFile).values({ role: 'code', size: 100, hasDebug: false, ...fields }).run()
}

/** Bytes of a SHA256 that belongs to a text. */
export function bytes(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
