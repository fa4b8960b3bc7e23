/**
 * A suite of a Debian archive: its signed Release, then the indices that this names, each by its SHA256. Owns the
 * layout under `dists/`, by-hash included; hands out entries and keeps nothing.
 * Refuses to open a byte that the signature does not cover.
 */
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import { FetchError } from '../format/error.ts'
import { addressBelow } from '../format/place.ts'
import type { IndexEntry } from '../format/index_entry.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { IndexSelection, SignedSuite, SuiteIndices } from '../format/suite.ts'
import type { Refreshed, SyncContext } from '../format/sync_context.ts'
import { readContents } from './contents.ts'
import { decompressed } from '../open/decompress.ts'
import { readPackages } from './packages_index.ts'
import { type IndexFile, indexFile, parseRelease, type ReleaseFile } from './release_file.ts'
import { MAX_RELEASE, type Verification, verifiedText } from '../verify/signature.ts'
import { GIB } from '../../units/bytes.ts'
import { count } from '../../text/count.ts'

const MAX_INDEX = 16 * GIB
/** What Debian's own archive is signed with; used where a repository names no key. */
const DEFAULT_KEY_RING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

class DebianSuite implements SignedSuite {
  readonly file: ReleaseFile
  readonly release: string
  readonly date: number
  readonly validUntil: number | undefined

  constructor(file: ReleaseFile, release: string) {
    this.file = file
    this.release = release
    this.date = file.date
    this.validUntil = file.validUntil
  }

  /** The names in Release are below `dists/SUITE`, or below the address itself for a suite that is a path. */
  targets(component: string, architecture: string): { packages: IndexFile[]; contents: IndexFile | undefined } {
    if (component === '') {
      const flat = indexFile(this.file, 'Packages')
      return { packages: flat === undefined ? [] : [flat], contents: indexFile(this.file, `Contents-${architecture}`) }
    }
    const own = indexFile(this.file, `${component}/binary-${architecture}/Packages`)
    const all = this.file.allIsIncluded ? undefined : indexFile(this.file, `${component}/binary-all/Packages`)
    const contents = indexFile(this.file, `${component}/Contents-${architecture}`) ??
      indexFile(this.file, `Contents-${architecture}`)
    return {
      packages: [own, all].filter((file) => file !== undefined),
      contents: contents?.size === 0 || contents?.sha256 === EMPTY_SHA256 ? undefined : contents,
    }
  }

  indices(component: string, architecture: string): SuiteIndices | undefined {
    const { packages, contents } = this.targets(component, architecture)
    if (packages.length === 0) return undefined
    return {
      packagesSha256: packages.map((file) => file.sha256).join(' '),
      contentsSha256: contents?.sha256 ?? '',
      size: packages.reduce((sum, file) => sum + file.size, contents?.size ?? 0),
    }
  }
}

/** Fetches InRelease, or Release with Release.gpg, and verifies it. */
export async function readSuite(repository: RepositorySpec, context: SyncContext): Promise<SignedSuite> {
  const text = await signedText(repository, context)
  const file = parseRelease(text, { needsRelease: repository.release === undefined })
  return new DebianSuite(file, repository.release ?? file.release)
}

async function signedText(repository: RepositorySpec, context: SyncContext): Promise<string> {
  const unchanged = await unchangedPair(repository, context)
  if (unchanged !== undefined) return unchanged
  const base = suiteAddress(repository)
  const inRelease = await context.refresh(`${base}InRelease`, MAX_RELEASE).catch((error) => {
    if (error instanceof FetchError && error.kind === 'not-found') return undefined
    throw error
  })
  if (inRelease !== undefined) return await verified({ text: inRelease, signature: undefined }, repository, context)
  const text = await context.refresh(`${base}Release`, MAX_RELEASE)
  const signature = await context.refresh(`${base}Release.gpg`, MAX_RELEASE)
  return await verified({ text, signature }, repository, context)
}

/** A suite that had no InRelease the last time: when its Release is the same, one request was enough. */
async function unchangedPair(repository: RepositorySpec, context: SyncContext): Promise<string | undefined> {
  const base = suiteAddress(repository)
  const signature = context.kept(`${base}Release.gpg`)
  if (signature === undefined || context.kept(`${base}InRelease`) !== undefined) return undefined
  const text = await context.refresh(`${base}Release`, MAX_RELEASE).catch((error) => {
    if (error instanceof FetchError && error.kind === 'not-found') return undefined
    throw error
  })
  if (text?.isUnchanged !== true) return undefined
  return await verifiedText({ text: text.file, signature }, verification(repository, context))
}

async function verified(
  { text, signature }: { text: Refreshed; signature: Refreshed | undefined },
  repository: RepositorySpec,
  context: SyncContext,
): Promise<string> {
  const files = { text: text.file, signature: signature?.file }
  const result = await verifiedText(files, verification(repository, context))
  await text.keep()
  await signature?.keep()
  return result
}

function verification({ signedBy }: RepositorySpec, { folder, warn }: SyncContext): Verification {
  const isNamed = signedBy.files.length > 0 || signedBy.inline.length > 0
  const trust = isNamed ? signedBy : { ...signedBy, files: [DEFAULT_KEY_RING] }
  return { trust, folder, warn, refusesWeakDigests: true }
}

/** Where a suite's files are; one that ends with a slash is a path below the address. */
export function suiteAddress({ uri, suite }: RepositorySpec): string {
  if (!suite.endsWith('/')) return addressBelow(uri, `dists/${suite}/`)
  return suite === './' || suite === '/' ? uri : addressBelow(uri, suite)
}

/** Fetches, verifies, then reads the indices of a component and architecture. */
export async function* readIndices(
  repository: RepositorySpec,
  selection: IndexSelection,
  context: SyncContext,
): AsyncGenerator<IndexEntry[]> {
  if (!(selection.suite instanceof DebianSuite)) throw new TypeError('Expected a suite that readSuite() gave')
  const { file: release } = selection.suite
  const targets = selection.suite.targets(selection.component, selection.architecture)
  // Both are fetched before one is read: the second arrives while the first is parsed.
  const contents = selection.contents && targets.contents !== undefined
    ? fetchIndex(repository, { release, index: targets.contents }, context)
    : undefined
  contents?.catch(() => undefined)
  const refused: string[] = []
  let refusals = 0
  for (const index of selection.packages ? targets.packages : []) {
    const text = await fetchIndex(repository, { release, index }, context)
    const batches = readPackages(text, (name, why) => {
      if (refusals++ < 5) refused.push(`${name.slice(0, 80)}: ${why}`)
    })
    for await (const batch of batches) yield batch.map((one) => ({ kind: 'package', package: one }))
  }
  if (refusals > 0) {
    context.warn(
      `${suiteAddress(repository)}: ${count(refusals, 'package is', 'packages are')} left out (${refused.join('; ')})`,
    )
  }
  if (contents !== undefined) yield* readContents(await contents)
}

async function fetchIndex(
  repository: RepositorySpec,
  { release, index }: { release: ReleaseFile; index: IndexFile },
  context: SyncContext,
): Promise<AsyncGenerator<Uint8Array>> {
  const base = suiteAddress(repository)
  // Two indices can have the same content, and an empty one has it often: the name keeps them apart.
  const file = join(context.folder, `${index.sha256}-${index.name.replaceAll('/', '_')}`)
  const folder = index.name.slice(0, index.name.lastIndexOf('/') + 1)
  const names = [index.name]
  const useHash = repository.byHash === 'force' || (repository.byHash === 'yes' && release.acquireByHash)
  if (useHash) names.unshift(`${folder}by-hash/SHA256/${index.sha256}`)
  for (const [at, name] of names.entries()) {
    try {
      await context.download(addressBelow(base, name), { file, size: index.size, sha256: index.sha256 })
      break
    } catch (error) {
      const isMissing = error instanceof FetchError && error.kind === 'not-found'
      if (!isMissing || at === names.length - 1) throw error
    }
  }
  const plainName = index.name.replace(/\.(xz|gz|zst|bz2)$/, '')
  const maxSize = release.files.get(plainName)?.size ?? MAX_INDEX
  return removeAfter(file, decompressed(file, { compression: index.compression, maxSize, signal: context.signal }))
}

async function* removeAfter(file: string, text: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* text
  } finally {
    await rm(file, { force: true })
  }
}
