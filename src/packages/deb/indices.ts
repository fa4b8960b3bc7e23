/**
 * The indices of a suite: fetched by any of their names and forms, and read. Owns the order of trying: by-hash, then the
 * plain name, the smallest form first. Refuses to open a byte that the signature does not cover; keeps nothing.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GIB } from '../../units/bytes.ts'
import { CHECKSUM_KINDS, identityOf } from '../format/checksums.ts'
import { decisiveOf, FetchError } from '../format/error.ts'
import type { IndexEntry } from '../format/index_entry.ts'
import { OTHER_ARCHITECTURE } from '../format/left_out.ts'
import { addressBelow } from '../format/place.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { IndexSelection } from '../format/suite.ts'
import type { SyncContext } from '../format/sync_context.ts'
import { decompressed } from '../open/decompress.ts'
import { MirrorWalk } from '../transfer/mirrors.ts'
import { readContents } from './contents.ts'
import { mirrorsFor } from './mirrors.ts'
import { type ReadPackage, readPackages } from './packages_index.ts'
import type { IndexForm } from './release_file.ts'
import { suiteAddress } from './signed_release.ts'
import { DebianSuite, type Index } from './suite.ts'

const MAX_INDEX = 16 * GIB

/** Fetches, verifies, then reads the indices of a component and architecture. */
export async function* readIndices(
  repository: RepositorySpec,
  selection: IndexSelection,
  context: SyncContext,
): AsyncGenerator<IndexEntry[]> {
  const { suite, component, architecture } = selection
  if (!(suite instanceof DebianSuite)) throw new TypeError('Expected a suite that readSuite() gave')
  const targets = suite.targets(component, architecture)
  const isHashed = repository.byHash === 'force' || (repository.byHash === 'yes' && suite.file.acquireByHash)
  const bases = mirrorsFor(suite.mirrors, { type: 'index', component, arch: architecture, suite: repository.suite })
    .map((uri) => suiteAddress({ ...repository, uri }))
  const fetch = (index: Index) => fetchFromAny(index, bases, { isHashed, context })
  // All are fetched before one is read: the second arrives while the first is parsed.
  const contents = selection.contents ? targets.contents.map(fetch) : []
  for (const each of contents) each.catch(() => undefined)
  for (const index of selection.packages ? targets.packages : []) {
    if (index.unpackedSize === 0) continue
    for await (const batch of readPackages(await fetch(index))) yield batch.map((read) => entryOf(read, architecture))
  }
  for (const each of contents) yield* readContents(await each)
}

/** apt takes packages of the configured architecture and of `all`, whatever else an index has. */
function entryOf(read: ReadPackage, architecture: string): IndexEntry {
  if ('fault' in read) return { kind: 'left-out', name: read.name, reason: read.fault }
  const { package: one } = read
  if (one.architecture === architecture || one.architecture === 'all') return { kind: 'package', package: one }
  return { kind: 'left-out', name: one.name, reason: OTHER_ARCHITECTURE }
}

/** From the first mirror that has any form of it. */
async function fetchFromAny(
  index: Index,
  bases: readonly string[],
  { isHashed, context }: Omit<Fetching, 'base'>,
): Promise<AsyncGenerator<Uint8Array>> {
  const walk = new MirrorWalk(bases, { patienceMs: context.mirrorsMs })
  for (const base of walk) {
    try {
      return await fetchIndex(index, { base, isHashed, context })
    } catch (error) {
      walk.failed(error, context.signal)
    }
  }
  throw walk.refusal
}

interface Fetching {
  /** Address of the suite. */
  base: string
  /** Indices are asked for by their checksums first. */
  isHashed: boolean
  context: SyncContext
}

/** The text of an index, from the first of its forms that can be had; none: the failure that decides. */
async function fetchIndex(index: Index, fetching: Fetching): Promise<AsyncGenerator<Uint8Array>> {
  const { context } = fetching
  const failures: FetchError[] = []
  for (const form of index.forms) {
    try {
      const file = await fetchForm(form, fetching)
      const { signal } = context
      const { unpackedSize: maxSize = MAX_INDEX } = index
      return removeAfter(file, decompressed(file, { compression: form.compression, maxSize, signal }))
    } catch (error) {
      // A host that does not answer has no other form either.
      if (!(error instanceof FetchError) || error.isHost || context.signal.aborted) throw error
      failures.push(error)
    }
  }
  throw decisiveOf(failures) ?? new FetchError('not-found', 'The suite has no such index')
}

async function fetchForm({ name, checksums, size }: IndexForm, { base, isHashed, context }: Fetching): Promise<string> {
  // Two indices can have the same content, and an empty one has it often: the name keeps them apart.
  const file = join(context.folder, `${identityOf(checksums)?.slice(0, 64)}-${name.replaceAll('/', '_')}`)
  const get = (place: string) => context.download(addressBelow(base, place), { file, size, checksums })
  const folder = name.slice(0, name.lastIndexOf('/') + 1)
  for (const kind of isHashed ? CHECKSUM_KINDS : []) {
    const hex = checksums[kind]
    if (hex === undefined) continue
    try {
      await get(`${folder}by-hash/${kind.toUpperCase()}/${hex}`)
      return file
    } catch (error) {
      // Whatever is wrong with that name: mirrors that leave these folders away answer in many ways.
      if (!(error instanceof FetchError) || error.isHost || context.signal.aborted) throw error
    }
  }
  await get(name)
  return file
}

async function* removeAfter(file: string, text: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* text
  } finally {
    await rm(file, { force: true })
  }
}
