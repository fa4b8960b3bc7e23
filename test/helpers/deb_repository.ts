/**
 * Small Debian repositories for tests: packages made by dpkg-deb, indices, a Release signed by a throw-away key; and
 * real ELF files to put into them, made by gcc and objcopy.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SigningKey } from './signing_key.ts'

/** What a package has at a path. */
export type MadeFile =
  | { bytes: string | Uint8Array }
  | { copy: string }
  | { symlink: string }
  | { link: string }

export interface MadePackage {
  name: string
  version: string
  architecture?: string
  source?: string
  /** Path with its leading slash -> content. */
  files: Record<string, MadeFile>
  /** `Build-Ids` of the index. */
  buildIds?: string[]
  /** Further fields of the index, in place of those that are made. */
  fields?: Record<string, string>
}

export interface PublishOptions {
  date?: Date
  validUntil?: Date
  byHash?: boolean
  /** Further lines of Release, or other values of its fields. */
  fields?: Record<string, string>
  /** `inline` (InRelease), `detached` (Release and Release.gpg), `none`. */
  signature?: 'inline' | 'detached' | 'none'
  /** Sign with another key than `keyRing` holds. */
  otherKey?: boolean
  compressions?: ('xz' | 'gz' | 'none')[]
}

interface Built {
  stanza: string
  architecture: string
  name: string
  paths: string[]
}

export class DebRepository implements Disposable {
  /** What is served. */
  readonly root: string
  readonly suite: string
  readonly keyRing: string
  /** The key as it can stand in `Signed-By`. */
  readonly armouredKey: string
  readonly #folder: string
  readonly #key: SigningKey
  #other: SigningKey | undefined
  readonly #packages = new Map<string, Built>()

  /** `folder` exists and is the caller's to remove. */
  constructor(folder: string, suite = 'bookworm') {
    this.#folder = folder
    this.suite = suite
    this.root = join(folder, 'archive')
    mkdirSync(this.root)
    this.#key = new SigningKey(folder, 'signer')
    this.keyRing = this.#key.ring
    this.armouredKey = this.#key.armoured
  }

  /** Builds a package and takes it into the next publication; returns its path below the root. */
  add(made: MadePackage): string {
    const { name, version, architecture = 'amd64' } = made
    const tree = join(this.#folder, 'tree')
    rmSync(tree, { recursive: true, force: true })
    for (const [path, file] of Object.entries(made.files)) putFile(tree, path, file)
    const control = [
      `Package: ${name}`,
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      ...(made.source === undefined ? [] : [`Source: ${made.source}`]),
      'Maintainer: Test <test@example.org>',
      'Description: made by a test',
      ' with a second line',
    ]
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`)
    const path = `pool/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`
    mkdirSync(join(this.root, 'pool'), { recursive: true })
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Zgzip', '-z1', tree, join(this.root, path)], {
      stdio: 'pipe',
    })
    this.take(made, path)
    return path
  }

  /** Takes a file below the root as a package, whatever it holds; `key` tells packages of one file apart. */
  take(made: MadePackage, path: string, key = path): void {
    const bytes = readFileSync(join(this.root, path))
    const fields: Record<string, string> = {
      Package: made.name,
      ...(made.source === undefined ? {} : { Source: made.source }),
      Version: made.version,
      Architecture: made.architecture ?? 'amd64',
      ...(made.buildIds === undefined ? {} : { 'Build-Ids': made.buildIds.join(' ') }),
      Filename: path,
      Size: String(bytes.length),
      SHA256: createHash('sha256').update(bytes).digest('hex'),
      Description: 'made by a test',
      ...made.fields,
    }
    const stanza = Object.entries(fields).map(([key, value]) => `${key}: ${value}`).join('\n')
    const { Architecture: architecture = '' } = fields
    this.#packages.set(key, { stanza, architecture, name: made.name, paths: Object.keys(made.files) })
  }

  /** Takes a package of a distribution, as its own fields describe it; returns its path below the root. */
  takeReal(deb: string): string {
    const ask = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8', maxBuffer: 1 << 26 })
    const [name = '', version = '', architecture = '', source = '', buildIds = ''] = ask(
      ...['--showformat', '${Package}\n${Version}\n${Architecture}\n${source:Package}\n${Build-Ids}', '-W', deb],
    ).split('\n')
    const paths = ask('-c', deb).split('\n').map((line) => /^-.* \.(\/\S+)/.exec(line)?.[1]).filter((path) => path)
    const path = `pool/${basename(deb)}`
    mkdirSync(join(this.root, 'pool'), { recursive: true })
    cpSync(deb, join(this.root, path))
    const files = Object.fromEntries(paths.map((each) => [each ?? '', { bytes: '' }]))
    this.take({ name, version, architecture, source, files, buildIds: buildIds.split(' ').filter((id) => id) }, path)
    return path
  }

  /** Leaves a package out of the next publication, and removes its file. */
  remove(path: string): void {
    this.#packages.delete(path)
    rmSync(join(this.root, path))
  }

  /** Writes the indices and the signed Release. */
  publish(options: PublishOptions = {}): void {
    const suite = join(this.root, 'dists', this.suite)
    rmSync(suite, { recursive: true, force: true })
    const all = [...this.#packages.values()]
    const architectures = new Set(['amd64', ...all.map(({ architecture }) => architecture)])
    architectures.delete('all')
    const sums = [...architectures].flatMap((architecture) => {
      const built = all.filter((one) => one.architecture === architecture || one.architecture === 'all')
      const contents = built.flatMap(({ name, paths }) => paths.map((path) => `${path.slice(1)}  test/${name}`)).sort()
      mkdirSync(join(suite, `main/binary-${architecture}`), { recursive: true })
      return [
        ...this.#index(
          `main/binary-${architecture}/Packages`,
          built.map(({ stanza }) => `${stanza}\n\n`).join(''),
          options,
        ),
        ...this.#index(`main/Contents-${architecture}`, contents.map((line) => `${line}\n`).join(''), {
          ...options,
          compressions: ['gz'],
        }),
      ]
    })
    const fields: Record<string, string> = {
      Origin: 'Debian',
      Suite: 'stable',
      Version: '12.5',
      Codename: this.suite,
      Date: (options.date ?? new Date()).toUTCString(),
      ...(options.validUntil === undefined ? {} : { 'Valid-Until': options.validUntil.toUTCString() }),
      ...(options.byHash ? { 'Acquire-By-Hash': 'yes' } : {}),
      Architectures: `all ${[...architectures].join(' ')}`,
      'No-Support-for-Architecture-all': 'Packages',
      Components: 'main',
      SHA256: `\n${sums.join('\n')}`,
      ...options.fields,
    }
    const release = join(suite, 'Release')
    writeFileSync(release, Object.entries(fields).map(([key, value]) => `${key}: ${value}\n`).join(''))
    this.sign(options)
  }

  #index(name: string, text: string, options: PublishOptions): string[] {
    const suite = join(this.root, 'dists', this.suite)
    const sums: string[] = []
    for (const compression of options.compressions ?? ['xz', 'gz']) {
      const bytes = compressed(text, compression)
      const ending = compression === 'none' ? '' : `.${compression}`
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      writeFileSync(join(suite, name + ending), bytes)
      if (options.byHash) {
        const byHash = join(suite, dirname(name), 'by-hash/SHA256')
        mkdirSync(byHash, { recursive: true })
        writeFileSync(join(byHash, sha256), bytes)
      }
      sums.push(` ${sha256} ${bytes.length} ${name}${ending}`)
    }
    return sums
  }

  /** Signs what `Release` says now. */
  sign({ signature = 'inline', otherKey = false }: PublishOptions = {}): void {
    const suite = join(this.root, 'dists', this.suite)
    const key = otherKey ? this.#other ??= new SigningKey(this.#folder, 'stranger') : this.#key
    const release = join(suite, 'Release')
    if (signature === 'inline') {
      key.run(['--clearsign', '--output', join(suite, 'InRelease'), release])
    } else if (signature === 'detached') {
      key.run(['--detach-sign', '--armor', '--output', join(suite, 'Release.gpg'), release])
    }
  }

  /** A stanza of a `.sources` file for this suite at an address. */
  sources(uri: string, fields: Record<string, string> = {}): string {
    const all = {
      Types: 'deb',
      URIs: uri,
      Suites: this.suite,
      Components: 'main',
      Architectures: 'amd64',
      'Signed-By': this.keyRing,
      ...fields,
    }
    return Object.entries(all).map(([key, value]) => `${key}: ${value}\n`).join('')
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]()
    this.#other?.[Symbol.dispose]()
  }
}

function compressed(text: string, compression: 'xz' | 'gz' | 'none'): Uint8Array {
  if (compression === 'xz') return execFileSync('xz', ['-c'], { input: text, maxBuffer: 1 << 28 })
  return compression === 'gz' ? gzipSync(text) : new TextEncoder().encode(text)
}

export function putFile(tree: string, path: string, file: MadeFile): void {
  const absolute = join(tree, path)
  mkdirSync(dirname(absolute), { recursive: true })
  if ('bytes' in file) writeFileSync(absolute, file.bytes)
  else if ('copy' in file) cpSync(file.copy, absolute, { dereference: true })
  else if ('symlink' in file) symlinkSync(file.symlink, absolute)
  else linkSync(join(tree, file.link), absolute)
}

/** A real shared library or program with its debuginfo split off, and its build-id. */
export interface MadeElf {
  /** Stripped. */
  binary: string
  debug: string
  unstripped: string
  buildId: string
  /** `/usr/lib/debug/.build-id/xx/yyyy.debug` */
  debugPath: string
}

/** Compiles C into `folder`; the text decides the build-id. */
export function makeElf(folder: string, name: string, options: { source?: string; shared?: boolean } = {}): MadeElf {
  const { source = `int ${name}_answer(int x) { return x + ${name.length}; }`, shared = true } = options
  const path = (ending: string) => join(folder, `${name}${ending}`)
  writeFileSync(path('.c'), source)
  const flags = shared ? ['-shared', '-fPIC', `-Wl,-soname,${name}.so.1`] : []
  const unstripped = path('.full')
  execFileSync('gcc', ['-g', '-O1', '-nostdlib', '-Wl,--build-id=sha1', ...flags, '-o', unstripped, path('.c')], {
    stdio: 'pipe',
  })
  execFileSync('objcopy', ['--only-keep-debug', unstripped, path('.debug')])
  execFileSync('objcopy', ['--strip-all', unstripped, path('.stripped')])
  const notes = execFileSync('readelf', ['-n', unstripped], { encoding: 'utf8' })
  const buildId = /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? ''
  const debugPath = `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  return { binary: path('.stripped'), debug: path('.debug'), unstripped, buildId, debugPath }
}

/** Bytes of a file. */
export function sizeOf(path: string): number {
  return statSync(path).size
}
