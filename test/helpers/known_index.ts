/** An index that knows the packages of a table, for tests of what is decided by asking it. */
import { packagePath } from '../../schema/tables.ts'
import type { Database } from '../../src/database/database.ts'
import { PackageIndex } from '../../src/packages/index/lookup.ts'
import { addBuildId, addPackage, addRepository, temporaryDatabase } from './index_rows.ts'

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
  const { database, [Symbol.asyncDispose]: dispose } = await temporaryDatabase()
  const releases = new Map<string, number>()
  for (const one of made) {
    const release = one.release ?? DEBIAN
    const releaseId = releases.get(release) ?? addRelease(database, release)
    releases.set(release, releaseId)
    addKnown(database, one, releaseId)
  }
  return {
    index: new PackageIndex(database),
    releaseId: (name) => releases.get(name),
    [Symbol.asyncDispose]: dispose,
  }
}

function addRelease(database: Database, release: string): number {
  const format = release.startsWith('fedora') ? 'rpm' : 'deb'
  return addRepository(database, { release, format, uri: `https://${release}.example/` }).releaseId
}

function addKnown(database: Database, one: MadeKnown, releaseId: number): void {
  const { name, version, architecture = 'amd64', source = name, sourceVersion = version, isDebug = false } = one
  const here = one.isHere ? { folder: `${name}-${version}`, kept: 1 } : {}
  const gone = one.isGone ? 2 : null
  const fields = { releaseId, name, version, architecture, source, sourceVersion, isDebug, gone, ...here }
  const id = addPackage(database, fields)
  for (const role of ['code', 'debug'] as const) {
    for (const hex of one[role] ?? []) addBuildId(database, id, hex, role)
  }
  for (const path of one.paths ?? []) {
    database.insert(packagePath).values({ path, releaseId, name }).onConflictDoNothing().run()
  }
}
