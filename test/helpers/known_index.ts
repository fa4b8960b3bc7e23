/** An index that knows the packages of a table, for tests of what is decided by asking it. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { buildId, packagePath, packages, release, repository } from '../../schema/tables.ts'
import { closeDatabase, type Database, openDatabase } from '../../src/database/database.ts'
import { PackageIndex } from '../../src/packages/index/lookup.ts'
import { temporaryFolder } from './folder.ts'

export interface MadeKnown {
  /** `debian-12-amd64` where nothing is said; a release of Fedora is of RPM packages. */
  release?: string
  name: string
  version: string
  architecture?: string
  /** As the package where nothing is said. */
  source?: string
  sourceVersion?: string
  isDebug?: boolean
  /** Its files are kept. */
  isHere?: boolean
  /** It has vanished upstream. */
  isGone?: boolean
  /** Build-ids that it is known to hold. */
  code?: string[]
  debug?: string[]
  /** That packages of its name ever had. */
  paths?: string[]
}

export const DEBIAN = 'debian-12-amd64'

export interface KnownIndex extends AsyncDisposable {
  index: PackageIndex
  /** Of the index; undefined: no such release. */
  releaseId(name: string): number | undefined
}

/** Notes them in the order of the table: what comes later is newer. */
export async function knownIndex(made: MadeKnown[]): Promise<KnownIndex> {
  const folder = await temporaryFolder()
  const database = openDatabase(folder.file('retrace.db'), { migrate: true })
  const releases = new Map<string, number>()
  for (const [at, one] of made.entries()) {
    const name = one.release ?? DEBIAN
    const releaseId = releases.get(name) ?? addRelease(database, name)
    releases.set(name, releaseId)
    addPackage(database, one, { releaseId, at })
  }
  return {
    index: new PackageIndex(database),
    releaseId: (name) => releases.get(name),
    async [Symbol.asyncDispose]() {
      closeDatabase(database)
      await folder[Symbol.asyncDispose]()
    },
  }
}

function addRelease(database: Database, name: string): number {
  const { id } = database.insert(release).values({ name }).returning().get()
  database.insert(repository).values({
    releaseId: id,
    format: name.startsWith('fedora') ? 'rpm' : 'deb',
    uri: `https://${name}.example/`,
    suite: 'main',
    component: '',
    architecture: 'amd64',
    fetch: 'on-demand',
    superseded: 'keep',
  }).run()
  return id
}

function addPackage(database: Database, one: MadeKnown, { releaseId, at }: { releaseId: number; at: number }): void {
  const { name, version, architecture = 'amd64', source = name, sourceVersion = version } = one
  const { id } = database.insert(packages).values({
    releaseId,
    name,
    version,
    architecture,
    source,
    sourceVersion,
    isDebug: one.isDebug ?? false,
    size: 1000,
    sha256: createHash('sha256').update(String(at)).digest(),
    added: 1,
    gone: one.isGone ? 2 : null,
    folder: one.isHere ? `${name}-${version}` : null,
    kept: one.isHere ? 1 : null,
  }).returning().get()
  for (const role of ['code', 'debug'] as const) {
    for (const hex of one[role] ?? []) {
      database.insert(buildId).values({ buildId: Buffer.from(hex, 'hex'), role, packageId: id }).run()
    }
  }
  for (const path of one.paths ?? []) {
    database.insert(packagePath).values({ path, releaseId, name }).onConflictDoNothing().run()
  }
}
