/**
 * What `X-Retrace-Fetch: full` still has to fetch, and in which order: a decision from the index alone, nothing is
 * asked of the network. Debuginfo packages are always wanted; of the others those that can hold a program or a library,
 * as their build-ids or the release's Contents say; packages for every architecture hold none (Debian policy 5.6.8).
 * Where no Contents says anything about a package, only looking into it tells: it is fetched.
 */
import type { Database } from '../../../src/database/database.ts'
import { isSpecOf, type RepositorySpec } from '../../../src/packages/format/repository_spec.ts'
import { formatNamed, type PackageNaming } from '../../../src/packages/format/naming.ts'
import { type AbsentPackage, absentPackages } from '../../../src/packages/index/locations.ts'
import { namesWithPath } from '../../../src/packages/index/paths.ts'
import { allRepositories } from '../../../src/packages/index/repositories.ts'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import { isWanted } from '../command/releases.ts'
import { MIB } from '../../../src/units/bytes.ts'

const HUGE = 256 * MIB

export interface Wanted {
  id: number
  release: string
  host: string
  size: number
}

/** A package that is upstream and not here. */
export interface Candidate extends Omit<AbsentPackage, 'format'> {
  naming: PackageNaming
  /** A file of a package of this name can be one that is loaded, as Contents says. */
  hasPath: boolean
}

/** All that is wanted, the most useful first. `releases`: ids with or without architecture; empty: all. */
export function plan(
  database: Database,
  repositories: RepositorySpec[],
  { releases, namings = NAMINGS }: { releases: string[]; namings?: readonly PackageNaming[] },
): Wanted[] {
  const full = repositories.filter(({ fetch }) => fetch === 'full')
  const candidates = new Map<number, Candidate>()
  const names = new Map<number, Set<string>>()
  for (const row of allRepositories(database)) {
    const isFull = full.some((one) => isSpecOf(one, row) && one.architectures.includes(row.architecture))
    if (!isFull || !isWanted(releases, row.release)) continue
    const withPath = names.get(row.releaseId) ?? namesWithPath(database, row.releaseId)
    names.set(row.releaseId, withPath)
    for (const { format, ...found } of absentPackages(database, row.id)) {
      if (candidates.has(found.id)) continue
      candidates.set(found.id, { ...found, naming: formatNamed(format, namings), hasPath: withPath.has(found.name) })
    }
  }
  return inOrder([...candidates.values()].filter(canHold)).map(({ id, release, uri, size }) => ({
    id,
    release,
    size,
    host: new URL(uri).host,
  }))
}

/** Whether a package can hold something that is kept. */
export function canHold(one: Candidate): boolean {
  if (one.isDebug || one.hasBuildIds) return true
  if (one.naming.isIndependent(one.architecture)) return false
  return one.hasPath || !one.hasContents
}

/**
 * The newest version of each package before older ones: most machines that crash are up to date. Then debuginfo before
 * the rest: it gives lines and values, and without the binary gdb still has the core's own pages. Of those the huge
 * ones last (kernels: one costs as much as hundreds of others), then what was indexed last.
 */
export function inOrder(candidates: Candidate[]): Candidate[] {
  const groups = new Map<string, Candidate[]>()
  for (const one of candidates) {
    const key = `${one.release} ${one.name} ${one.architecture}`
    groups.set(key, [...groups.get(key) ?? [], one])
  }
  const age = new Map<number, number>()
  for (const group of groups.values()) {
    group.sort((a, b) => a.naming.compareVersions(b.version, a.version))
    for (const [rank, one] of group.entries()) age.set(one.id, rank)
  }
  const isOlder = (one: Candidate) => (age.get(one.id) ?? 0) > 0 ? 1 : 0
  const isHuge = ({ size }: Candidate) => size > HUGE ? 1 : 0
  return candidates.toSorted((a, b) =>
    isOlder(a) - isOlder(b) || Number(b.isDebug) - Number(a.isDebug) || isHuge(a) - isHuge(b) || b.id - a.id
  )
}
