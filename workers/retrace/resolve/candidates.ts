/**
 * Which packages can hold a module's program or library, the likeliest first; its build-id decides afterwards. The
 * order of search is (docs/architecture.md, 'The worker's steps'): build-id, then the package that the file itself
 * names, then those that the client named, then path and release with every known version. Pure questions to the index.
 */
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import type { PackageIndex, PackageRow } from '../../../src/packages/index/lookup.ts'
import { packageReadings } from '../../../src/packages/naming/package_name.ts'
import { normalPath } from '../../../src/packages/format/paths.ts'
import { notedPackage } from './package_note.ts'

/** Packages tried per module and way: a stranger's core must not make us download an archive. */
const MAX_OF_SOURCE = 4
const MAX_VERSIONS = 8
const MAX_NAMES = 4
/** Packages of the client that are looked at. */
export const MAX_NAMED = 2000
const MAX_COUNTED = 500

/** Why a package is a candidate, for the log. */
export interface Candidate {
  row: PackageRow
  way: 'build-id' | 'noted' | 'named' | 'path'
}

export interface Knowledge {
  index: PackageIndex
  releaseId: number | undefined
  /** Packages that the client named and the index knows, by name. */
  named: Map<string, PackageRow[]>
  /** By `buildKey()`: how many of the core's modules a build is known to hold, and which builds the client named. */
  builds: { counts: Map<string, number>; named: Set<string> }
}

/** The client's packages as the index knows them, by name: those of the release, of every one where it is not known. */
export function namedPackages(
  texts: string[],
  index: PackageIndex,
  releaseId: number | undefined,
): Map<string, PackageRow[]> {
  const named = new Map<string, PackageRow[]>()
  for (const text of texts.slice(0, MAX_NAMED)) {
    for (const { name, version } of packageReadings(text, index.namings)) {
      if (version === undefined) continue
      const isInRelease = (row: PackageRow) => releaseId === undefined || row.releaseId === releaseId
      const rows = index.ofVersion(name, version).filter(isInRelease)
      if (rows.length === 0) continue
      named.set(name, [...named.get(name) ?? [], ...rows])
      break
    }
  }
  return named
}

/** Candidates by the build-id alone. */
export function candidatesByBuildId(module: CoreModule, knowledge: Knowledge): Candidate[] {
  if (module.buildId === undefined) return []
  const own = holders(module.buildId, 'code', knowledge)
  const debug = holders(module.buildId, 'debug', knowledge)
  const ofSource = debug.slice(0, 3).flatMap((row) => packagesBeside(row, module.path, knowledge.index))
  return distinct([...own, ...ofSource]).map((row) => ({ row, way: 'build-id' }))
}

/**
 * Packages that hold a build-id, the one to take first: of the task's release, then one that is here, then one that is
 * upstream still, then of a build that the client named, then of the build that explains most of the core (one build-id
 * can stand in several versions: the others need not be fetched for it), then the newest.
 */
export function holders(buildId: string, role: 'code' | 'debug' | 'dwz', knowledge: Knowledge): PackageRow[] {
  const { index, releaseId, builds } = knowledge
  const ranks = (row: PackageRow) => [
    row.releaseId === releaseId ? 0 : 1,
    row.folder !== null ? 0 : row.gone === null ? 1 : 2,
    builds.named.has(buildKey(row)) ? 0 : 1,
    -(builds.counts.get(buildKey(row)) ?? 0),
  ]
  const ranked = index.packagesWith(buildId, role, releaseId).map((row) => ({ row, ranks: ranks(row) }))
  return ranked.sort((a, b) => compareRanks(a.ranks, b.ranks)).map(({ row }) => row)
}

function compareRanks(a: number[], b: number[]): number {
  const at = a.findIndex((rank, place) => rank !== b[place])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

/** How many modules of a core each build is known to hold. */
export function countBuilds(
  { modules }: Pick<Core, 'modules'>,
  index: PackageIndex,
  releaseId?: number,
): Map<string, number> {
  const builds = new Map<string, number>()
  for (const { buildId } of modules.slice(0, MAX_COUNTED)) {
    if (buildId === undefined) continue
    const rows = (['debug', 'code'] as const).flatMap((role) => index.packagesWith(buildId, role, releaseId))
    for (const key of new Set(rows.map(buildKey))) builds.set(key, (builds.get(key) ?? 0) + 1)
  }
  return builds
}

/** One run of a build: a version of a source in a release. */
export function buildKey({ source, sourceVersion, releaseId }: PackageRow): string {
  return `${source} ${sourceVersion} ${releaseId}`
}

/** Binary packages of the build that a debuginfo package is of: those that have the path, else all within bounds. */
function packagesBeside(debug: PackageRow, path: string, index: PackageIndex): PackageRow[] {
  const built = index.madeFrom(debug).filter((row) => !row.isDebug && row.architecture === debug.architecture)
  const owners = ownersOf(path, debug.releaseId, index)
  const stem = debug.naming.binaryName(debug.name)
  const rank = (row: PackageRow) =>
    (row.version === debug.version ? 0 : 4) + (row.name === stem ? 0 : 1) + (row.gone === null ? 0 : 2)
  const ordered = built.sort((a, b) => rank(a) - rank(b))
  const withPath = ordered.filter(({ name }) => owners.includes(name))
  return (withPath.length > 0 ? withPath : ordered).slice(0, MAX_OF_SOURCE)
}

/** Candidates by what the file says of itself in its package note. */
export function candidatesNoted(module: CoreModule, { index, releaseId }: Knowledge): Candidate[] {
  const noted = notedPackage(module)
  if (noted === undefined) return []
  const isOfItsArchitecture = (row: PackageRow) => row.architecture === noted.architecture
  const rows = inRelease(index.ofAnyEpoch(noted.name, noted.version), releaseId)
    .sort((a, b) => Number(isOfItsArchitecture(b)) - Number(isOfItsArchitecture(a)))
  return rows.slice(0, MAX_OF_SOURCE).map((row) => ({ row, way: 'noted' }))
}

/** Candidates among the packages that the client named. */
export function candidatesNamed(module: CoreModule, { index, releaseId, named }: Knowledge): Candidate[] {
  if (named.size === 0) return []
  const releases = releaseId === undefined
    ? [...new Set([...named.values()].flat().map((row) => row.releaseId))]
    : [releaseId]
  const owners = releases.flatMap((id) => ownersOf(module.path, id, index))
  const rows = owners.flatMap((name) => named.get(name) ?? [])
  if (rows.length > 0 || module.kind !== 'executable') return distinct(rows).map((row) => ({ row, way: 'named' }))
  // No index knows the program's path: the first package that the client named is the one whose program crashed.
  return ([...named.values()][0] ?? []).map((row) => ({ row, way: 'named' }))
}

/** Candidates by path, in every known version, the newest first. */
export function candidatesByPath(module: CoreModule, knowledge: Knowledge): Candidate[] {
  const { index, releaseId } = knowledge
  const releases = releaseId === undefined ? index.releases().map(({ id }) => id) : [releaseId]
  const rows = releases.flatMap((id) =>
    ownersOf(module.path, id, index).slice(0, MAX_NAMES).flatMap((name) =>
      index.versionsOf(name, id).filter((row) => !row.isDebug)
        .sort((a, b) => a.naming.compareVersions(b.version, a.version)).slice(0, MAX_VERSIONS)
    )
  )
  return distinct(rows).map((row) => ({ row, way: 'path' }))
}

/** Debuginfo packages of the build that a binary package is of. */
export function debugPackagesBeside(binary: PackageRow, index: PackageIndex): PackageRow[] {
  const rank = (row: PackageRow) =>
    (row.version === binary.version ? 0 : 2) + (row.name.startsWith(binary.name) ? 0 : 1)
  return index.madeFrom(binary).filter((row) => row.isDebug && row.architecture === binary.architecture)
    .filter(({ naming, name }) => !naming.isWithoutDebuginfo(name))
    .sort((a, b) => rank(a) - rank(b))
}

/** Names of packages that had a path; the SONAME link of the same library may be what an index names. */
export function ownersOf(path: string, releaseId: number, index: PackageIndex): string[] {
  const normal = normalPath(path)
  return normal === undefined ? [] : index.ownersOf(normal, releaseId)
}

/** Sorts the rows of the release to the front. */
export function inRelease(rows: PackageRow[], releaseId: number | undefined): PackageRow[] {
  return [...rows.filter((row) => row.releaseId === releaseId), ...rows.filter((row) => row.releaseId !== releaseId)]
}

/** Of the known versions the two before and the two after the wanted one, in order. */
export function closestVersions(known: string[], wanted: string, compare: (a: string, b: string) => number): string[] {
  const sorted = [...new Set(known)].sort(compare)
  const next = sorted.findIndex((version) => compare(version, wanted) > 0)
  const middle = next < 0 ? sorted.length : next
  return sorted.slice(Math.max(0, middle - 2), middle + 2)
}

function distinct(rows: PackageRow[]): PackageRow[] {
  const seen = new Set<number>()
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined)
}
