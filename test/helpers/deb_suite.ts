/**
 * A suite of a Debian archive as tests publish it: indices, Release and its signature, each to be made as peculiar as a
 * test wants. Owns their writing; what packages there are, `deb_repository.ts` knows.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { SigningKey } from './signing_key.ts'

export type Compressed = 'xz' | 'gz' | 'bz2' | 'zst' | 'lzma' | 'lz4' | 'none'

const HASHES = { MD5Sum: 'md5', SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' }

export interface PublishOptions {
  date?: Date
  validUntil?: Date
  /** A copy of each index below by-hash, too. */
  byHash?: boolean
  /** Further lines of Release, or other values of its fields; undefined: it has none. */
  fields?: Record<string, string | undefined>
  /** `inline` (InRelease), `detached` (Release and Release.gpg), `none`. */
  signature?: 'inline' | 'detached' | 'none'
  /** Sign with another key than `keyRing` holds. */
  otherKey?: boolean
  compressions?: Compressed[]
  /** The sum of an index as it is unpacked stands in Release, although it is not there; false: not. */
  listsPlain?: boolean
  /** Of the indices in Release, and of packages in Packages. */
  hashes?: (keyof typeof HASHES)[]
  /** One Packages for all, at the top of the archive, or in a folder of it. */
  isFlat?: boolean | string
  /** What becomes of an index before it is compressed; by its name, like `main/binary-amd64/Packages`. */
  change?: (text: string, name: string) => string | Uint8Array
  /** Further indices by their names, or texts of those that there are; undefined: it has none. */
  indices?: Record<string, string | undefined>
  /** What becomes of Release before it is signed. */
  release?: (text: string) => string
}

/** A package as a suite lists it. */
export interface Listed {
  stanza: string
  architecture: string
  name: string
  /** With their leading slashes. */
  paths: string[]
}

export interface SuiteFolder {
  /** That of Release. */
  folder: string
  codename: string
  key: SigningKey
}

/** Writes the indices and the signed Release. */
export function publishSuite(suite: SuiteFolder, packages: Listed[], options: PublishOptions): void {
  const { folder, codename, key } = suite
  if (!options.isFlat) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const architectures = new Set(['amd64', ...packages.map(({ architecture }) => architecture)])
  architectures.delete('all')
  const made = options.isFlat
    ? writeIndex(folder, 'Packages', packagesText(packages), options)
    : [...architectures].flatMap((architecture) => writeIndices(folder, architecture, { packages, options }))
  const others = Object.entries(options.indices ?? {})
  const files = [
    ...made.filter(({ name }) => !others.some(([other]) => name.replace(/\.[a-z0-9]+$/, '') === other)),
    ...others.flatMap(([name, text]) => text === undefined ? [] : writeIndex(folder, name, text, options)),
  ]
  const fields: Record<string, string | undefined> = {
    Origin: 'Debian',
    Suite: 'stable',
    Version: '12.5',
    Codename: codename,
    Date: (options.date ?? new Date()).toUTCString(),
    'Valid-Until': options.validUntil?.toUTCString(),
    'Acquire-By-Hash': options.byHash ? 'yes' : undefined,
    Architectures: options.isFlat ? undefined : `all ${[...architectures].join(' ')}`,
    'No-Support-for-Architecture-all': options.isFlat ? undefined : 'Packages',
    Components: options.isFlat ? undefined : 'main',
    ...Object.fromEntries(hashesOf(options).map((hash) => [hash, `\n${sums(files, hash)}`])),
    ...options.fields,
  }
  const text = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field}: ${value}\n`).join('')
  writeFileSync(join(folder, 'Release'), options.release?.(text) ?? text)
  signSuite(folder, key, options)
}

/** Signs what Release says now. */
export function signSuite(folder: string, key: SigningKey, { signature = 'inline' }: PublishOptions): void {
  const release = join(folder, 'Release')
  if (signature === 'inline') key.run(['--clearsign', '--output', join(folder, 'InRelease'), release])
  if (signature === 'detached') key.run(['--detach-sign', '--armor', '--output', join(folder, 'Release.gpg'), release])
}

/** Fields with the hashes of a package, as Packages has them. */
export function hashFields(bytes: Uint8Array, hashes: (keyof typeof HASHES)[] = ['SHA256']): Record<string, string> {
  return Object.fromEntries(hashes.map((hash) => [hash, hashOf(bytes, hash)]))
}

interface IndexFile {
  name: string
  bytes: Uint8Array
}

function writeIndices(
  folder: string,
  architecture: string,
  { packages, options }: { packages: Listed[]; options: PublishOptions },
): IndexFile[] {
  const own = packages.filter((one) => one.architecture === architecture || one.architecture === 'all')
  const contents = own.flatMap(({ name, paths }) => paths.map((path) => `${path.slice(1)}  test/${name}\n`)).sort()
  return [
    ...writeIndex(folder, `main/binary-${architecture}/Packages`, packagesText(own), options),
    ...writeIndex(folder, `main/Contents-${architecture}`, contents.join(''), { ...options, compressions: ['gz'] }),
  ]
}

function packagesText(packages: Listed[]): string {
  return packages.map(({ stanza }) => `${stanza}\n\n`).join('')
}

function writeIndex(folder: string, name: string, text: string, options: PublishOptions): IndexFile[] {
  const content = options.change?.(text, name) ?? text
  const forms = (options.compressions ?? ['xz', 'gz']).map((compression) => {
    const bytes = compressed(content, compression)
    const file = join(folder, compression === 'none' ? name : `${name}.${compression}`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
    for (const hash of options.byHash ? hashesOf(options) : []) {
      const byHash = join(dirname(file), 'by-hash', hash)
      mkdirSync(byHash, { recursive: true })
      writeFileSync(join(byHash, hashOf(bytes, hash)), bytes)
    }
    return { name: file.slice(folder.length + 1), bytes }
  })
  // As Debian's archive does; apt takes no index without it.
  const isListed = forms.some((form) => form.name === name) || options.listsPlain === false
  return isListed ? forms : [{ name, bytes: compressed(content, 'none') }, ...forms]
}

function hashesOf({ hashes = ['SHA256'] }: PublishOptions): (keyof typeof HASHES)[] {
  return hashes
}

function sums(files: IndexFile[], hash: keyof typeof HASHES): string {
  return files.map(({ name, bytes }) => ` ${hashOf(bytes, hash)} ${bytes.length} ${name}`).join('\n')
}

function hashOf(bytes: Uint8Array, hash: keyof typeof HASHES): string {
  return createHash(HASHES[hash]).update(bytes).digest('hex')
}

const PROGRAMS = {
  xz: ['xz', '-c'],
  bz2: ['bzip2', '-c'],
  zst: ['zstd', '-cq'],
  lz4: ['lz4', '-cq'],
  lzma: ['xz', '--format=lzma', '-c'],
}

function compressed(content: string | Uint8Array, compression: Compressed): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  if (compression === 'none') return bytes
  if (compression === 'gz') return gzipSync(bytes)
  const [program = '', ...args] = PROGRAMS[compression]
  return execFileSync(program, args, { input: bytes, maxBuffer: 1 << 28 })
}
