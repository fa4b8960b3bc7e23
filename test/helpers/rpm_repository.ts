/**
 * Small yum repositories for tests: packages made by rpmbuild as Fedora makes them (debuginfo split by find-debuginfo,
 * dwz, build-id links, mini debuginfo), indices by createrepo_c, all signed by a throw-away key.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { MadeFile } from './made_file.ts'
import { putFile } from './made_file.ts'
import { SigningKey } from './signing_key.ts'

/** A source package: what rpmbuild makes of it are its main package, its subpackages, and their debuginfo. */
export interface MadeSource {
  name: string
  /** `[epoch:]version-release`. */
  version: string
  /** rpm's name. */
  architecture?: string
  /** Path with its leading slash -> content, of the main package; `built`: `build` made it. */
  files: Record<string, MadeFile | 'built'>
  /** Name -> files of a subpackage (`libs` becomes NAME-libs). */
  subpackages?: Record<string, Record<string, MadeFile | 'built'>>
  /** Split debuginfo off, with dwz and all that Fedora does; only for programs of this machine. */
  debuginfo?: boolean
  /** Name -> text of the sources, which lie in the folder where `build` is run, with `$ROOT` to install into. */
  sources?: Record<string, string>
  build?: string[]
  /** `w3.zstdio`, `w1.xzdio`, `w1.gzdio`. */
  payload?: string
  /** Lines of the file list in place of the plain path: `%attr(0000,root,root)`. */
  attributes?: Record<string, string>
  signature?: 'ours' | 'other' | 'none'
}

export interface PublishOptions {
  /** Unix seconds that the indices carry. */
  date?: number
  compression?: 'gz' | 'xz' | 'zstd'
  checksum?: 'sha256' | 'sha512'
  signature?: 'ours' | 'other' | 'none'
  /** Paths below the root that are in the index. */
  only?: string[]
}

/** What redhat-rpm-config sets on Fedora; Debian's rpm strips and sets modes in ways of its own. */
const MACROS = `
%global __os_install_post %{nil}
%global _build_id_links compat
%global _debuginfo_subpackages %{?with_debuginfo}%{!?with_debuginfo:0}
%global _debugsource_packages 1
%global _unique_debug_names 1
%global _unique_debug_srcs 1
%global _unique_build_ids 1
%global _include_minidebuginfo 1
%global _include_gdb_index 1
%global _find_debuginfo_dwz_opts --run-dwz
%global __find_provides %{nil}
%global __find_requires %{nil}
`

export class RpmRepository implements Disposable {
  /** What is served. */
  readonly root: string
  readonly key: SigningKey
  readonly #folder: string
  #other: SigningKey | undefined
  #builds = 0

  /** `folder` exists and is the caller's to remove; `key`: one that signs several repositories. */
  constructor(folder: string, { name = 'yum', key }: { name?: string; key?: SigningKey } = {}) {
    this.#folder = folder
    this.root = join(folder, name)
    mkdirSync(join(this.root, 'Packages'), { recursive: true })
    this.key = key ?? new SigningKey(folder, `${name}-signer`)
  }

  /** Builds a source; returns the paths of its packages below the root, by name. */
  add(made: MadeSource): Record<string, string> {
    const top = join(this.#folder, `build-${basename(this.root)}-${++this.#builds}`)
    const [, epoch, version = '', release = ''] = /^(?:(\d+):)?([^-]+)-(.+)$/.exec(made.version) ?? []
    const groups = Object.entries({ '': made.files, ...made.subpackages })
    for (const [, files] of groups) {
      for (const [path, file] of Object.entries(files)) {
        if (file !== 'built') putFile(join(top, 'tree'), path, file)
      }
    }
    for (const [name, text] of Object.entries(made.sources ?? {})) putFile(join(top, 'sources'), name, { bytes: text })
    mkdirSync(join(top, 'sources'), { recursive: true })
    mkdirSync(join(top, 'tree'), { recursive: true })
    writeFileSync(join(top, 'made.spec'), spec(made, { epoch, version, release, groups }))
    const target = made.architecture ?? 'x86_64'
    execFileSync('rpmbuild', [
      ...['-bb', '--quiet', '--target', target],
      ...['--define', `_topdir ${top}`],
      ...['--define', `_binary_payload ${made.payload ?? 'w1.zstdio'}`, join(top, 'made.spec')],
    ], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: top, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const paths: Record<string, string> = {}
    for (const folder of readdirSync(join(top, 'RPMS'))) {
      for (const file of readdirSync(join(top, 'RPMS', folder))) {
        this.sign(join(top, 'RPMS', folder, file), made.signature)
        const path = `Packages/${file}`
        renameSync(join(top, 'RPMS', folder, file), join(this.root, path))
        paths[file.replace(/-[^-]+-[^-]+$/, '')] = path
      }
    }
    rmSync(top, { recursive: true })
    return paths
  }

  /** Signs a package anew. */
  sign(file: string, by: 'ours' | 'other' | 'none' = 'ours'): void {
    if (by === 'none') return
    const { home } = this.#keyOf(by)
    const env = { PATH: '/usr/bin:/bin', GNUPGHOME: home, HOME: home, LC_ALL: 'C.UTF-8' }
    const defines = ['--define', '__gpg /usr/bin/gpg', '--define', `_gpg_name ${basename(home)}`]
    execFileSync('rpmsign', [...defines, '--addsign', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const shown = execFileSync(
      'rpm',
      ['-qp', '--nosignature', '--qf', '%{RSAHEADER:pgpsig}%{DSAHEADER:pgpsig}', file],
      {
        encoding: 'utf8',
      },
    )
    if (!shown.includes('Key ID')) throw new Error(`Expected rpmsign to sign ${file}, got ${shown}`)
  }

  #keyOf(by: 'ours' | 'other'): SigningKey {
    return by === 'ours' ? this.key : this.#other ??= new SigningKey(this.#folder, `${basename(this.root)}-stranger`)
  }

  remove(path: string): void {
    rmSync(join(this.root, path))
  }

  /** Writes the indices and signs them. */
  publish(options: PublishOptions = {}): void {
    const { date, compression = 'gz', checksum = 'sha256', signature = 'ours', only } = options
    rmSync(join(this.root, 'repodata'), { recursive: true, force: true })
    const list = join(this.#folder, 'pkglist')
    if (only !== undefined) writeFileSync(list, only.map((path) => `${path}\n`).join(''))
    // zstd is what Fedora has; this createrepo_c cannot write it, so what it wrote is packed anew.
    const packed = compression === 'zstd' ? 'gz' : compression
    execFileSync('createrepo_c', [
      ...['--quiet', '--no-database', '--general-compress-type', packed, '--repomd-checksum', checksum],
      ...(date === undefined ? [] : ['--revision', String(date), '--set-timestamp-to-revision']),
      ...(only === undefined ? [] : ['--pkglist', list]),
      this.root,
    ], { stdio: ['ignore', 'pipe', 'pipe'] })
    if (compression === 'zstd') this.#repack()
    this.signIndex(signature)
  }

  /** The indices as .zst, by createrepo_c's own modifyrepo_c. */
  #repack(): void {
    const folder = join(this.root, 'repodata')
    const repomd = this.path('repodata/repomd.xml')
    let text = readFileSync(repomd, 'utf8')
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.xml.gz'))) {
      const plain = execFileSync('gzip', ['-dc', join(folder, name)], { maxBuffer: 1 << 28 })
      const next = name.replace(/\.gz$/, '.zst')
      execFileSync('zstd', ['-q', '-o', join(folder, next)], { input: plain })
      text = replaceData(text, { folder, from: name, to: next })
      rmSync(join(folder, name))
    }
    writeFileSync(repomd, text)
  }

  signIndex(signature: 'ours' | 'other' | 'none' = 'ours'): void {
    const repomd = this.path('repodata/repomd.xml')
    rmSync(`${repomd}.asc`, { force: true })
    if (signature === 'none') return
    this.#keyOf(signature).run(['--detach-sign', '--armor', '--output', `${repomd}.asc`, repomd])
  }

  path(below: string): string {
    return join(this.root, below)
  }

  /** Writes an index in place of what createrepo_c made, and repomd.xml with it. */
  replaceIndex(type: 'primary' | 'filelists', edit: (text: string) => string): void {
    const folder = this.path('repodata')
    const name = readdirSync(folder).find((each) => each.endsWith(`-${type}.xml.gz`))
    if (name === undefined) throw new Error(`Expected a ${type} index in ${folder}`)
    const text = edit(execFileSync('gzip', ['-dc', join(folder, name)], { encoding: 'utf8', maxBuffer: 1 << 28 }))
    writeFileSync(join(folder, name), execFileSync('gzip', ['-c'], { input: text, maxBuffer: 1 << 28 }))
    const repomd = this.path('repodata/repomd.xml')
    writeFileSync(
      repomd,
      replaceData(readFileSync(repomd, 'utf8'), { folder, from: name, to: name, openSize: text.length }),
    )
    this.signIndex()
  }

  /** Writes a packed index in place of the one that is there; what it unpacks to is said to be what it was. */
  replaceFile(type: 'primary' | 'filelists', bytes: Uint8Array): void {
    const folder = this.path('repodata')
    const name = readdirSync(folder).find((each) => each.includes(`-${type}.xml.`))
    if (name === undefined) throw new Error(`Expected a ${type} index in ${folder}`)
    writeFileSync(join(folder, name), bytes)
    const repomd = this.path('repodata/repomd.xml')
    writeFileSync(repomd, replaceData(readFileSync(repomd, 'utf8'), { folder, from: name, to: name }))
    this.signIndex()
  }

  /** A section of a `.repo` file for this repository at an address. */
  section(id: string, uri: string, options: Record<string, string> = {}): string {
    const all: Record<string, string> = {
      baseurl: uri,
      gpgkey: `file://${this.key.file}`,
      repo_gpgcheck: '1',
      retrace_release: 'fedora-40',
      ...options,
    }
    const lines = Object.entries(all).filter(([, value]) => value !== '').map(([key, value]) => `${key}=${value}\n`)
    return `[${id}]\n${lines.join('')}\n`
  }

  /** A metalink as MirrorManager makes it, of what repomd.xml is now. */
  metalink(mirrors: string[]): string {
    const sum = (program: string) =>
      execFileSync(program, [this.path('repodata/repomd.xml')], { encoding: 'utf8' }).split(' ')[0]
    const urls = mirrors.map((uri, at) =>
      `<url protocol="http" type="http" location="XX" preference="${100 - at}">${uri}repodata/repomd.xml</url>`
    )
    return `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml"><mm0:timestamp>1</mm0:timestamp><size>1</size>
  <verification><hash type="md5">0</hash><hash type="sha256">${sum('sha256sum')}</hash>
  <hash type="sha512">${sum('sha512sum')}</hash></verification>
  <resources maxconnections="1"><url protocol="rsync">rsync://example.org/x/repodata/repomd.xml</url>
  ${urls.join('\n  ')}</resources></file></files>
</metalink>
`
  }

  [Symbol.dispose](): void {
    this.key[Symbol.dispose]()
    this.#other?.[Symbol.dispose]()
  }
}

/** repomd.xml with the name, checksum and sizes that a file has now. */
function replaceData(
  text: string,
  { folder, from, to, openSize }: { folder: string; from: string; to: string; openSize?: number },
): string {
  const at = text.indexOf(`repodata/${from}"`)
  const begin = text.lastIndexOf('<data ', at)
  const end = text.indexOf('</data>', at)
  const bytes = readFileSync(join(folder, to))
  const kind = /<checksum type="(sha[0-9]+)">/.exec(text.slice(begin, end))?.[1] ?? 'sha256'
  const sum = execFileSync(`${kind}sum`, [join(folder, to)], { encoding: 'utf8' }).split(' ')[0]
  let data = text.slice(begin, end).replace(/(<checksum [^>]*>)[0-9a-f]+/, `$1${sum}`)
    .replace(`repodata/${from}`, `repodata/${to}`).replace(/<size>\d+/, `<size>${bytes.length}`)
  if (openSize !== undefined) data = data.replace(/<open-size>\d+/, `<open-size>${openSize}`)
  return text.slice(0, begin) + data + text.slice(end)
}

interface SpecParts {
  epoch: string | undefined
  version: string
  release: string
  groups: [string, MadeSource['files']][]
}

function spec(made: MadeSource, { epoch, version, release, groups }: SpecParts): string {
  const lists = groups.map(([group, files]) => {
    const paths = Object.keys(files).map((path) => `${made.attributes?.[path] ?? ''} "${path}"`)
    return `%files ${group}\n${paths.join('\n')}\n`
  })
  const subpackages = groups.filter(([group]) => group !== '').map(([group]) =>
    `%package ${group}\nSummary: A part of it\n%description ${group}\nMade by a test.\n`
  )
  return `${made.debuginfo === true ? '%global with_debuginfo 1' : ''}${MACROS}
Name: ${made.name}
${epoch === undefined ? '' : `Epoch: ${epoch}`}
Version: ${version}
Release: ${release}
Summary: Made by a test
License: GPL
${made.architecture === 'noarch' ? 'BuildArch: noarch' : ''}
${made.debuginfo === true ? '%debug_package' : '%global debug_package %{nil}'}
%description
Made by a test, with <markup> & more.
${subpackages.join('')}
%prep
%setup -q -c -T
cp -a %{_topdir}/sources/. .
%install
cp -a %{_topdir}/tree/. %{buildroot}/
export ROOT=%{buildroot}
${made.build?.join('\n') ?? ''}
${lists.join('')}`
}

/** Copies what two repositories share. */
export function copyRepository(from: string, to: string): void {
  if (existsSync(to)) rmSync(to, { recursive: true })
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true })
}
