/**
 * Debuginfo of a module and the dwz files that it leans on: by build-id, then by the source and version that made the
 * binary package, then by the name and checksum that the binary has of it. A missing dwz file costs arguments and lines without a word from gdb (docs/facts.md, 'gdb, driven'),
 * so the closure over .gnu_debugaltlink is part of the answer.
 */
import { crc32 } from '../../../src/elf/checksum.ts'
import { type ElfFile, readElfFile } from '../../../src/elf/file.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { packageLabel, type PackageRow } from '../../../src/packages/index/lookup.ts'
import type { BinaryResult, Search } from './binary.ts'
import { debugPackagesBeside, holders } from './candidates.ts'
import { type Matching, matchingByChecksum } from './mismatch.ts'
import type { StoredFile } from './store.ts'

const MAX_PACKAGES = 3
const MAX_DWZ = 4

export interface DebugResult {
  file: Matching<StoredFile> | undefined
  /** The package that has it, or would. */
  owner: PackageRow | undefined
  tried: string[]
}

/**
 * Finds debuginfo by build-id alone: this needs no binary, so it begins at once. `tried` is empty when no index knows
 * the build-id.
 */
export async function findDebugByBuildId(buildId: string, search: Search): Promise<DebugResult> {
  const { store, fetcher, knowledge } = search
  const result: DebugResult = { file: store.debug(buildId), owner: undefined, tried: [] }
  if (result.file !== undefined) return { ...result, owner: result.file.row }
  const rows = holders(buildId, 'debug', knowledge)
  for (const row of rows.slice(0, MAX_PACKAGES)) {
    result.owner ??= row
    const failure = await fetcher.fetch(row)
    if (failure !== undefined) {
      result.tried.push(failure)
      continue
    }
    result.file = store.debug(buildId)
    if (result.file !== undefined) return { ...result, owner: result.file.row }
    result.tried.push(`${packageLabel(row)} should hold debuginfo of ${buildId}, but does not`)
  }
  return result
}

/**
 * Finds debuginfo by the build that the binary package is of, when the build-id led nowhere. A binary that was not
 * stripped is its own, with a build-id or without.
 */
export async function findDebugBeside(binary: BinaryResult, search: Search, byId: DebugResult): Promise<DebugResult> {
  const { store, fetcher, knowledge } = search
  const buildId = binary.file?.buildId
  if (byId.file === undefined && binary.file?.row.hasDebug) {
    return { file: binary.file, owner: binary.file.row, tried: [] }
  }
  if (byId.file !== undefined || byId.owner !== undefined || binary.owner === undefined) return byId
  if (buildId === undefined) return await findDebugByLink(binary, search, byId)
  const unstripped = store.debug(buildId)
  if (unstripped !== undefined) return { file: unstripped, owner: unstripped.row, tried: [] }
  const beside = debugPackagesBeside(binary.owner, knowledge.index)
  const { source, sourceVersion, release } = binary.owner
  if (beside.length === 0) {
    const sentence = `${source} ${sourceVersion} has no debuginfo package in the repositories of ${release}`
    return { ...byId, tried: [...byId.tried, sentence] }
  }
  const tried = [...byId.tried]
  let owner: PackageRow | undefined
  // A package whose build-ids the index lists, without this one, need not be opened.
  const unlisted = beside.filter((row) => row.folder !== null || !knowledge.index.hasBuildIds(row.id))
  for (const row of unlisted.slice(0, MAX_PACKAGES)) {
    const failure = await fetcher.fetch(row)
    const file = failure === undefined ? store.debug(buildId) : undefined
    if (file !== undefined) return { file, owner: file.row, tried }
    if (failure !== undefined) {
      tried.push(failure)
      owner ??= row
    }
  }
  if (tried.length === 0) {
    const names = beside.slice(0, 3).map(packageLabel).join(', ')
    tried.push(`none of the debuginfo packages of ${source} ${sourceVersion} (${names}) holds ${buildId}`)
  }
  return await findDebugByLink(binary, search, { file: undefined, owner, tried })
}

/** By `.gnu_debuglink`, in the package of the binary and in debuginfo packages of the same build. */
async function findDebugByLink(binary: BinaryResult, search: Search, result: DebugResult): Promise<DebugResult> {
  const link = binary.file && debugLinkOf(binary.file.path)
  if (link === undefined || binary.owner === undefined) return result
  const beside = debugPackagesBeside(binary.owner, search.knowledge.index)
  const tried = [...result.tried]
  let { owner } = result
  for (const row of [binary.owner, ...beside.slice(0, MAX_PACKAGES)]) {
    const failure = await search.fetcher.fetch(row)
    if (failure !== undefined) {
      tried.push(failure)
      owner ??= row
      continue
    }
    for (const file of search.store.named(row, link.name)) {
      const found = matchingByChecksum(link.crc, file, checksumOf(file.path))
      if (found !== undefined) return { file: found, owner: row, tried }
      tried.push(`${packageLabel(row)} has ${link.name}, with another checksum than the file asks for`)
    }
  }
  const names = [binary.owner, ...beside.slice(0, MAX_PACKAGES)].map(packageLabel).join(', ')
  if (tried.length === result.tried.length) tried.push(`its debuginfo ${link.name} is in none of ${names}`)
  return { file: undefined, owner, tried }
}

function debugLinkOf(path: string): ElfFile['debugLink'] {
  using source = fileSource(path)
  return readElfFile(source).debugLink
}

function checksumOf(path: string): number {
  using source = fileSource(path)
  return crc32(source)
}

/** The dwz files that a debug file leans on, nearest first; what is missing is said. */
export async function dwzClosure(
  debug: Matching<StoredFile> | undefined,
  search: Search,
): Promise<{ files: Matching<StoredFile>[]; tried: string[]; missing: string | undefined }> {
  const files: Matching<StoredFile>[] = []
  const tried: string[] = []
  let missing: string | undefined
  for (let file = debug; file?.altBuildId !== undefined && files.length < MAX_DWZ;) {
    const { altBuildId } = file
    if (files.some(({ buildId }) => buildId === altBuildId)) break
    const next = search.store.dwz(altBuildId) ?? await fetchDwz(file, altBuildId, search)
    if (next === undefined) {
      missing = altBuildId
      tried.push(
        `the dwz file ${altBuildId}, which ${packageLabel(file.row)} leans on, is in no package that is known: ` +
          'arguments and lines will be missing',
      )
      break
    }
    files.push(next)
    file = next
  }
  return { files, tried, missing }
}

async function fetchDwz(file: StoredFile, altBuildId: string, { store, fetcher, knowledge }: Search) {
  const known = holders(altBuildId, 'dwz', knowledge)
  const isMain = ({ naming, name, source }: PackageRow) => name === naming.mainDebugName(source)
  const beside = debugPackagesBeside(file.row, knowledge.index).sort((a, b) => Number(isMain(b)) - Number(isMain(a)))
  for (const row of [...known, ...beside].slice(0, MAX_PACKAGES)) {
    if (await fetcher.fetch(row) !== undefined) continue
    const found = store.dwz(altBuildId)
    if (found !== undefined) return found
  }
  return undefined
}
