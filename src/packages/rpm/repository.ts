/**
 * A yum repository: its repomd.xml from the first mirror that has a current one, then the indices that this names, each
 * by its checksum. Hands out entries and keeps nothing. No byte of an index is opened before its checksum was compared.
 */
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addressBelow } from '../format/place.ts'
import { decompressed } from '../open/decompress.ts'
import { MirrorWalk } from '../transfer/mirrors.ts'
import { shown } from '../transfer/refusal.ts'
import { FetchError } from '../format/error.ts'
import type { IndexedPackage, IndexEntry } from '../format/index_entry.ts'
import { OTHER_ARCHITECTURE } from '../format/left_out.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { IndexSelection, SignedSuite, SuiteIndices } from '../format/suite.ts'
import { isCurrent, type Refreshed, type SyncContext } from '../format/sync_context.ts'
import { assertNoHtml } from '../verify/html.ts'
import { verifiedText } from '../verify/signature.ts'
import { readFreshDocument, readKeptDocument } from '../transfer/documents.ts'
import { readFilelists } from './filelists.ts'
import { localTrust } from './keys.ts'
import { adviceOnUnknown, type MirrorList, parseMetalink, parseMirrorlist } from './mirrors.ts'
import { readPrimary } from './primary.ts'
import { type Checksum, parseRepomd, type Repomd, type RepomdFile } from './repomd.ts'
import { isOfArchitecture, type RpmSection, sectionOf } from './section.ts'
import { GIB, MIB } from '../../units/bytes.ts'
import { count } from '../../text/count.ts'

const MAX_REPOMD = 16 * MIB
/** Fedora's filelists unpack to 1.2 GB. */
const MAX_INDEX = 8 * GIB

class YumRepository implements SignedSuite {
  readonly repomd: Repomd
  /** The mirror that the description came from is the first. */
  readonly mirrors: string[]
  readonly release: string
  readonly date: number
  readonly validUntil = undefined
  readonly #choice: string

  constructor(spec: RepositorySpec, { repomd, mirrors }: { repomd: Repomd; mirrors: string[] }) {
    this.repomd = repomd
    this.mirrors = mirrors
    this.release = spec.release ?? ''
    this.date = repomd.date
    this.#choice = sectionOf(spec).choice
  }

  indices(): SuiteIndices {
    const { primary, filelists } = this.repomd
    return {
      packagesKey: primary.checksum.hex + this.#choice,
      contentsKey: filelists === undefined ? '' : filelists.checksum.hex + this.#choice,
      size: (primary.size ?? 0) + (filelists?.size ?? 0),
    }
  }
}

/** Where a path of a repository can be had, the best first. */
export async function addressesOf(repository: RepositorySpec, path: string, context: SyncContext): Promise<string[]> {
  const { mirrors } = await mirrorsOf(repository, { isSync: false, context })
  return mirrors.map((mirror) => addressBelow(mirror, path))
}

/** A sync asks for the list itself; packages are looked for on the mirrors that the last one found in it. */
async function mirrorsOf(
  repository: RepositorySpec,
  { isSync, context }: { isSync: boolean; context: SyncContext },
): Promise<MirrorList> {
  const { baseUrls, metalink, mirrorlist, variables } = sectionOf(repository).options
  const address = metalink ?? mirrorlist
  if (address === undefined) return { mirrors: baseUrls, checksums: [], unknown: [] }
  const read = async (file: string) => {
    const text = await readFile(file)
    assertNoHtml(text, shown(new URL(address)))
    return metalink === undefined
      ? parseMirrorlist(text.toString('utf8'), { address, variables })
      : await parseMetalink(text, { address, variables })
  }
  const list = await (isSync ? readFreshDocument : readKeptDocument)(address, { context, read })
  if (isSync && list.unknown.length > 0) {
    context.warn(
      `[${repository.suite}] ${shown(new URL(address))}: ${adviceOnUnknown(list.unknown)}; they are passed over`,
    )
  }
  return { ...list, mirrors: [...baseUrls, ...list.mirrors] }
}

/** Finds the newest description that a mirror has: the first that is as new as the metalink, or what is here, says. */
export async function readRepository(repository: RepositorySpec, context: SyncContext): Promise<SignedSuite> {
  for (const remark of repository.remarks ?? []) context.warn(`[${repository.suite}] ${remark}`)
  const { mirrors, checksums } = await mirrorsOf(repository, { isSync: true, context })
  let best: YumRepository | undefined
  const walk = new MirrorWalk(mirrors, { patienceMs: context.mirrorsMs })
  for (const mirror of walk) {
    try {
      const { repomd, age } = await readRepomd(repository, { mirror, checksums, context })
      const found = new YumRepository(repository, { repomd, mirrors: [mirror, ...mirrors.filter((m) => m !== mirror)] })
      const isAhead = found.date > (context.notAfter ?? Infinity)
      const isBetter = best === undefined || best.date > (context.notAfter ?? Infinity) || found.date > best.date
      if (isBetter && !(isAhead && best !== undefined)) best = found
      if (age === 0 && !isAhead && found.date >= (context.newest ?? 0)) return found
    } catch (error) {
      walk.failed(error, context.signal)
    }
  }
  if (best === undefined) throw walk.refusal
  return best
}

/** The description that one mirror has; `age` is how many generations it is behind the metalink's newest. */
async function readRepomd(
  repository: RepositorySpec,
  { mirror, checksums, context }: { mirror: string; checksums: Checksum[]; context: SyncContext },
): Promise<{ repomd: Repomd; age: number }> {
  const text = await context.refresh(`${mirror}repodata/repomd.xml`, MAX_REPOMD)
  const bytes = await readFile(text.file)
  assertNoHtml(bytes, shown(new URL(`${mirror}repodata/repomd.xml`)))
  const age = checksums.findIndex(({ algorithm, hex }) => createHash(algorithm).update(bytes).digest('hex') === hex)
  if (checksums.length > 0 && age < 0) {
    throw new FetchError(
      'malformed',
      `${shown(new URL(mirror))} has a repomd.xml that the metalink does not know: refused`,
    )
  }
  if (sectionOf(repository).options.repoGpgcheck) await verifyRepomd(repository, { mirror, text, context })
  const repomd = await parseRepomd(bytes, mirror)
  if (isCurrent(repomd.date, context)) await text.keep()
  return { repomd, age: Math.max(0, age) }
}

/** By repomd.xml.asc; when the text is the one of the last sync, its signature is, too: one request was enough. */
async function verifyRepomd(
  repository: RepositorySpec,
  { mirror, text, context }: { mirror: string; text: Refreshed; context: SyncContext },
): Promise<void> {
  const trust = await localTrust(repository, { isSync: true, context })
  const address = `${mirror}repodata/repomd.xml.asc`
  const kept = text.isUnchanged ? context.kept(address) : undefined
  // dnf takes those over SHA1, which old repositories have.
  const verification = { trust, folder: context.folder, warn: context.warn, refusesWeakDigests: false }
  if (kept !== undefined) return void await verifiedText({ text: text.file, signature: kept }, verification)
  const signature = await context.refresh(address, MAX_REPOMD)
  await verifiedText({ text: text.file, signature: signature.file }, verification)
  await signature.keep()
}

/** Fetches, verifies, then reads the indices of an architecture. */
export async function* readIndices(
  repository: RepositorySpec,
  selection: IndexSelection,
  context: SyncContext,
): AsyncGenerator<IndexEntry[]> {
  const { suite, architecture } = selection
  if (!(suite instanceof YumRepository)) throw new TypeError('Expected a suite that readRepository() gave')
  const { primary, filelists } = suite.repomd
  const section = sectionOf(repository)
  const wants = (one: { name: string; version: string; architecture: string }) =>
    isOfArchitecture(one.architecture, architecture) && section.wants(one)
  // Both are fetched before one is read: the second arrives while the first is parsed.
  const contents = selection.contents && filelists !== undefined
    ? fetchIndex(filelists, { suite, kind: 'filelists', context })
    : undefined
  contents?.catch(() => undefined)
  if (selection.packages) {
    const leftOut: IndexEntry[] = []
    const text = await fetchIndex(primary, { suite, kind: 'primary', context })
    const refuse = (name: string, reason: string) => void leftOut.push({ kind: 'left-out', name, reason })
    const batches = readPrimary(text, {
      mirrors: suite.mirrors,
      refuse,
      warn: (message) => context.warn(`[${repository.suite}] ${message}`),
    })
    for await (const batch of batches) {
      yield [...leftOut.splice(0), ...batch.flatMap((one) => entryOf(one, { architecture, section }))]
    }
  }
  if (contents !== undefined) yield* readFilelists(await contents, wants)
}

/** A package; none where the section leaves it out. */
function entryOf(
  one: IndexedPackage,
  { architecture, section }: { architecture: string; section: RpmSection },
): IndexEntry[] {
  if (!isOfArchitecture(one.architecture, architecture)) {
    return [{ kind: 'left-out', name: one.name, reason: OTHER_ARCHITECTURE }]
  }
  return section.wants(one) ? [{ kind: 'package', package: one }] : []
}

async function fetchIndex(
  index: RepomdFile,
  { suite, kind, context }: { suite: YumRepository; kind: string; context: SyncContext },
): Promise<AsyncGenerator<Uint8Array>> {
  const { openSize = MAX_INDEX, checksum } = index
  if (openSize > MAX_INDEX) {
    throw new FetchError(
      'malformed',
      `The ${kind} index unpacks to ${count(openSize, 'byte')}, more than ${MAX_INDEX}: refused`,
    )
  }
  const file = join(context.folder, `${kind}-${checksum.hex}`)
  await fromAnyMirror(suite.mirrors, context, async (mirror) => {
    const expected = index.size === undefined ? { maxSize: MAX_INDEX } : { size: index.size }
    const checksums = { [checksum.algorithm]: checksum.hex }
    await context.download(addressBelow(mirror, index.path), { file, ...expected, checksums })
  })
  const { compression } = index
  return removeAfter(file, decompressed(file, { compression, maxSize: openSize, signal: context.signal }))
}

async function fromAnyMirror(
  mirrors: string[],
  { signal, mirrorsMs: patienceMs }: SyncContext,
  act: (mirror: string) => Promise<void>,
): Promise<void> {
  const walk = new MirrorWalk(mirrors, { patienceMs })
  for (const mirror of walk) {
    try {
      return await act(mirror)
    } catch (error) {
      walk.failed(error, signal)
    }
  }
  throw walk.refusal
}

async function* removeAfter(file: string, text: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* text
  } finally {
    await rm(file, { force: true })
  }
}
