import { describe, expect, it } from 'vitest'
import { readContents } from '../../../src/packages/deb/contents.ts'
import { readPackage, readPackages } from '../../../src/packages/deb/packages_index.ts'
import { indexFile, parseRelease, releaseOf } from '../../../src/packages/deb/release_file.ts'

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

const FIELDS = {
  package: 'libffi8',
  version: '3.4.4-1+b1',
  architecture: 'amd64',
  source: 'libffi (3.4.4-1)',
  filename: 'pool/libffi8.deb',
  size: '23',
  sha256: 'A'.repeat(64),
}

describe('readPackage()', () => {
  it('takes source and version apart, and build-ids', () => {
    expect(readPackage({ ...FIELDS, 'build-ids': 'ABCDEF0123 zz 0011223344' })).toMatchObject({
      source: 'libffi',
      sourceVersion: '3.4.4-1',
      isDebug: false,
      sha256: 'a'.repeat(64),
      buildIds: ['abcdef0123', '0011223344'],
    })
  })

  it.each([
    [{ package: '../x' }, 'name'],
    [{ package: 'a/b' }, 'name'],
    [{ version: '1/../../etc' }, 'version'],
    [{ architecture: '../amd64' }, 'architecture'],
    [{ filename: '../../etc/passwd' }, 'path'],
    [{ filename: 'pool/x?y' }, 'path'],
    [{ sha256: 'md5' }, 'SHA256'],
    [{ size: '-1' }, 'size'],
    [{ source: 'x (1/2)' }, 'source'],
  ])('refuses %j', (fields, why) => {
    expect(readPackage({ ...FIELDS, ...fields })).toContain(why)
  })
})

describe('readPackages()', () => {
  it('reads stanzas that are cut anywhere, continuation lines, and a last one without an empty line', async () => {
    const one = (name: string) =>
      `Package: ${name}\nVersion: 1\nArchitecture: all\nDescription: café\n more\n .\nBuild-Ids: aabbccdd\n eeff0011\n` +
      `Filename: pool/${name}\nSize: 1\nSHA256: ${'0'.repeat(64)}`
    for (const size of [1, 7, 1000]) {
      const found = []
      for await (const batch of readPackages(chunks(`${one('a')}\n\n${one('b')}`, size), () => undefined)) {
        found.push(...batch)
      }
      expect(found.map(({ name, buildIds }) => [name, buildIds])).toEqual([
        ['a', ['aabbccdd', 'eeff0011']],
        ['b', ['aabbccdd', 'eeff0011']],
      ])
    }
  })
})

describe('readContents()', () => {
  it('keeps what can be loaded, usrmerged, and build-ids of debuginfo', async () => {
    const text = [
      'bin/with space  admin/one,two',
      'lib/x86_64-linux-gnu/libz.so.1.2.13\tlibs/zlib1g',
      'usr/bin/python3.11      python/python3.11-minimal',
      'usr/include/zlib.h      libdevel/zlib1g-dev',
      'usr/lib/debug/.build-id/ab/cdef0123456789.debug  debug/libc6-dbg',
      'usr/lib/debug/.dwz/x86_64-linux-gnu/x.debug  debug/x-dbg',
      'usr/lib/modules/6.1/x.ko  kernel/linux',
      'usr/lib/libreoffice/program/soffice.bin  x/libreoffice-core',
      'usr/share/doc/x/readme.so.txt  doc/x',
      'usr/share/doc/x/readme  doc/x',
      'etc/passwd  x/x',
    ].join('\n')
    const found = []
    for await (const batch of readContents(chunks(text, 11))) found.push(...batch)
    expect(found).toEqual([
      { kind: 'path', path: '/usr/bin/with space', name: 'one' },
      { kind: 'path', path: '/usr/bin/with space', name: 'two' },
      { kind: 'path', path: '/usr/lib/x86_64-linux-gnu/libz.so.1.2.13', name: 'zlib1g' },
      { kind: 'path', path: '/usr/bin/python3.11', name: 'python3.11-minimal' },
      { kind: 'build-id', buildId: 'abcdef0123456789', name: 'libc6-dbg', role: 'debug' },
      { kind: 'path', path: '/usr/lib/debug/.dwz/x86_64-linux-gnu/x.debug', name: 'x-dbg' },
      { kind: 'path', path: '/usr/lib/libreoffice/program/soffice.bin', name: 'libreoffice-core' },
      { kind: 'path', path: '/usr/share/doc/x/readme.so.txt', name: 'x' },
    ])
  })
})

describe('releaseOf()', () => {
  it.each([
    ['Debian', '12.15', 'bookworm', 'debian-12'],
    ['Debian', '12-updates', 'bookworm-updates', 'debian-12'],
    ['Debian', '12', 'bookworm-security', 'debian-12'],
    ['Debian Backports', undefined, 'trixie-backports', 'debian-trixie'],
    ['Debian', undefined, 'sid', 'debian-sid'],
    ['Ubuntu', '22.04', 'jammy-updates', 'ubuntu-22.04'],
    ['Debian', undefined, 'trixie-proposed-updates', 'debian-trixie'],
  ])('maps Origin %s, Version %s, Codename %s to %s', (origin, version, codename, id) => {
    expect(releaseOf({ origin, version, codename })).toBe(id)
  })
})

describe('parseRelease()', () => {
  const text = 'Origin: Debian\nCodename: sid\nDate: Fri, 30 Oct 2026 08:08:01 UTC\n'
  const sum = (name: string, size: number) => ` ${'a'.repeat(64)} ${size} ${name}\n`

  it('refuses MD5 and SHA1 alone', () => {
    expect(() => parseRelease(`${text}MD5Sum:\n ${'a'.repeat(32)} 1 main/x\n`)).toThrow('SHA256')
  })

  it('takes the smallest compressed form, and no name that leads out', () => {
    const files = sum('p/Packages', 1) + sum('p/Packages.xz', 20) + sum('p/Packages.gz', 30) + sum('../x', 1) +
      sum('/y', 1)
    const release = parseRelease(`${text}SHA256:\n${files}`)
    expect(indexFile(release, 'p/Packages')).toMatchObject({ name: 'p/Packages.xz', compression: 'xz', size: 20 })
    expect([...release.files.keys()]).toEqual(['p/Packages', 'p/Packages.xz', 'p/Packages.gz'])
  })
})
