/** Small Debian repositories for tests: packages made by dpkg-deb, in suites that a throw-away key signs. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hashFields, type Listed, type PublishOptions, publishSuite, signSuite } from './deb_suite.ts'
import { type MadeFile, putFile } from './made_file.ts'
import { SigningKey } from './signing_key.ts'

export interface MadePackage {
  name: string
  version: string
  architecture?: string
  source?: string
  /** Path with its leading slash -> content. */
  files: Record<string, MadeFile>
  /** `Build-Ids` of the index. */
  buildIds?: string[]
  /** Where its file is, below the root. */
  path?: string
  /** Further fields of the index, in place of those that are made; undefined: it has none. */
  fields?: Record<string, string | undefined>
}

export class DebRepository implements Disposable {
  /** What is served. */
  readonly root: string
  readonly suite: string
  readonly keyRing: string
  /** The key as it can stand in `Signed-By`. */
  readonly armouredKey: string
  readonly key: SigningKey
  readonly #folder: string
  #other: SigningKey | undefined
  readonly #packages = new Map<string, Listed>()

  /** `folder` exists and is the caller's to remove. */
  constructor(folder: string, suite = 'bookworm') {
    this.#folder = folder
    this.suite = suite
    this.root = join(folder, 'archive')
    mkdirSync(this.root)
    this.key = new SigningKey(folder, 'signer')
    this.keyRing = this.key.ring
    this.armouredKey = this.key.armoured
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
    const { path = `pool/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb` } = made
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Zgzip', '-z1', tree, join(this.root, path)], {
      stdio: 'pipe',
    })
    this.take(made, path)
    return path
  }

  /** Takes a file below the root as a package, whatever it holds; `key` tells packages of one file apart. */
  take(made: MadePackage, path: string, key = path): void {
    const bytes = readFileSync(join(this.root, path))
    const fields: Record<string, string | undefined> = {
      Package: made.name,
      ...(made.source === undefined ? {} : { Source: made.source }),
      Version: made.version,
      Architecture: made.architecture ?? 'amd64',
      ...(made.buildIds === undefined ? {} : { 'Build-Ids': made.buildIds.join(' ') }),
      Filename: path,
      Size: String(bytes.length),
      ...hashFields(bytes),
      Description: 'made by a test',
      ...made.fields,
    }
    const stanza = Object.entries(fields).filter(([, value]) => value !== undefined)
      .map(([field, value]) => `${field}: ${value}`).join('\n')
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
    const suite = { folder: this.#suiteFolder(options), codename: this.suite, key: this.#keyFor(options) }
    publishSuite(suite, [...this.#packages.values()], options)
  }

  /** Signs what `Release` says now. */
  sign(options: PublishOptions = {}): void {
    signSuite(this.#suiteFolder(options), this.#keyFor(options), options)
  }

  #suiteFolder({ isFlat = false }: PublishOptions): string {
    if (isFlat === false) return join(this.root, 'dists', this.suite)
    return isFlat === true ? this.root : join(this.root, isFlat)
  }

  #keyFor({ otherKey = false }: PublishOptions): SigningKey {
    return otherKey ? this.#other ??= new SigningKey(this.#folder, 'stranger') : this.key
  }

  /** A stanza of a `.sources` file for this suite at an address. */
  sources(uri: string, fields: Record<string, string | undefined> = {}): string {
    const all: Record<string, string | undefined> = {
      Types: 'deb',
      URIs: uri,
      Suites: this.suite,
      Components: 'main',
      Architectures: 'amd64',
      'Signed-By': this.keyRing,
      ...fields,
    }
    return Object.entries(all).filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}: ${value}\n`).join('')
  }

  [Symbol.dispose](): void {
    this.key[Symbol.dispose]()
    this.#other?.[Symbol.dispose]()
  }
}
