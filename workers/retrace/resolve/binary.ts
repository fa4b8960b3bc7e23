/**
 * The program or library of a module: from the kept files, else from the packages that can hold it, fetched one after
 * the other until the build-id in the core is found. It records in sentences what was tried.
 */
import type { CoreModule } from '../../../src/elf/core.ts'
import { packageLabel, type PackageRow } from '../../../src/packages/index/lookup.ts'
import {
  type Candidate,
  candidatesByBuildId,
  candidatesByPath,
  candidatesNamed,
  candidatesNoted,
  type Knowledge,
  ownersOf,
} from './candidates.ts'
import type { Fetcher } from './fetcher.ts'
import { isMismatch, type Matching, matchingByPath } from './mismatch.ts'
import type { Store, StoredFile } from './store.ts'

export interface Search {
  knowledge: Knowledge
  store: Store
  fetcher: Fetcher
  signal: AbortSignal
}

export interface BinaryResult {
  file: Matching<StoredFile> | undefined
  /** `by-path`: the core has no build-id, the packages that the client named have the path. */
  way: 'exact' | 'by-path' | 'mismatch' | 'missing'
  /** The package that has the file, or would have it. */
  owner: PackageRow | undefined
  tried: string[]
}

/** Throws only for a broken database or disk. */
export async function findBinary(module: CoreModule, search: Search): Promise<BinaryResult> {
  if (module.buildId === undefined) return await findByPath(module, search)
  const { buildId } = module
  const kept = search.store.code(buildId, module.path)
  if (kept !== undefined) return { file: kept, way: 'exact', owner: kept.row, tried: [] }
  const result: BinaryResult = { file: undefined, way: 'missing', owner: undefined, tried: [] }
  const seen = new Set<number>()
  for (const find of [candidatesByBuildId, candidatesNoted, candidatesNamed, candidatesByPath]) {
    for (const candidate of find(module, search.knowledge)) {
      if (seen.has(candidate.row.id)) continue
      seen.add(candidate.row.id)
      if (await tryCandidate(candidate, { path: module.path, buildId, search, result })) return result
      if (search.signal.aborted) return giveUp(result)
    }
  }
  if (seen.size === 0) result.tried.push(nothingKnown(module, search))
  return result
}

async function tryCandidate(
  { row, way }: Candidate,
  { path, buildId, search, result }: { path: string; buildId: string; search: Search; result: BinaryResult },
): Promise<boolean> {
  const failure = await search.fetcher.fetch(row)
  if (failure !== undefined) {
    result.tried.push(failure)
    // What a build-id or the client led to is the right package, even when it cannot be had.
    if (way !== 'path' || result.owner === undefined) result.owner = row
    return false
  }
  const file = search.store.code(buildId, path)
  if (file !== undefined) {
    Object.assign(result, { file, way: 'exact', owner: file.row })
    return true
  }
  const other = search.store.at(row, path)
  if (other === undefined || !isMismatch(buildId, other)) {
    result.tried.push(`${packageLabel(row)} has no file with the build-id ${buildId}`)
    return false
  }
  result.tried.push(
    `${packageLabel(row)} has the path with the build-id ${other.buildId ?? '(none)'}, the core has ${buildId}`,
  )
  if (result.way === 'missing') {
    result.way = 'mismatch'
    result.owner = row
  }
  return false
}

/** Without a build-id in the core: only inside the packages that the client named (docs/architecture.md, rule 2). */
async function findByPath(module: CoreModule, search: Search): Promise<BinaryResult> {
  const result: BinaryResult = { file: undefined, way: 'missing', owner: undefined, tried: [] }
  for (const { row } of candidatesNamed(module, search.knowledge)) {
    const failure = await search.fetcher.fetch(row)
    if (failure !== undefined) result.tried.push(failure)
    const found = failure === undefined ? search.store.at(row, module.path) : undefined
    const file = found && matchingByPath(module, found)
    if (file === undefined) {
      result.owner ??= row
      continue
    }
    return {
      file,
      way: 'by-path',
      owner: row,
      tried: ['the core holds no build-id of it: taken by its path from a package that the client named'],
    }
  }
  result.tried.push('the core holds no build-id of it, and no package that the client named has its path')
  return result
}

function giveUp(result: BinaryResult): BinaryResult {
  result.tried.push('the time for searching was over')
  return result
}

function nothingKnown(module: CoreModule, { knowledge }: Search): string {
  const { index, releaseId } = knowledge
  const id = `no index here knows the build-id ${module.buildId}`
  if (releaseId === undefined) return `${id}, and the release is not known, so its path tells nothing`
  const owners = ownersOf(module.path, releaseId, index)
  if (owners.length === 0) return `${id}, nor a package of this release with its path`
  return `${id}; ${owners.slice(0, 3).join(', ')} would have its path, but no version of it is known`
}
