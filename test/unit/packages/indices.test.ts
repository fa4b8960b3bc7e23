import { describe, expect, it } from 'vitest'
import { readContents } from '../../../src/packages/deb/contents.ts'
import { readPackage, readPackages } from '../../../src/packages/deb/packages_index.ts'
import { indexForms, parseRelease } from '../../../src/packages/deb/release_file.ts'

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
      checksums: { sha256: 'a'.repeat(64) },
      buildIds: ['abcdef0123', '0011223344'],
    })
  })

  it.each([
    [{ package: '../x' }, 'name'],
    [{ package: 'a/b' }, 'name'],
    [{ version: '1/../../etc' }, 'version'],
    [{ architecture: '../amd64' }, 'architecture'],
    [{ filename: '../../etc/passwd' }, 'path'],
    [{ sha256: 'md5' }, 'SHA256'],
    [{ size: '-1' }, 'size'],
    [{ source: 'x (1/2)' }, 'source'],
  ])('refuses %j', (fields, why) => {
    expect(readPackage({ ...FIELDS, ...fields })).toContain(why)
  })
})

describe('readPackages()', () => {
  const one = (name: string) =>
    `Package: ${name}\nVersion: 1\nArchitecture: all\nDescription: café\n more\n .\nBuild-Ids: aabbccdd\n eeff0011\n` +
    `Filename: pool/${name}\nSize: 1\nSHA256: ${'0'.repeat(64)}`

  /** Names with their build-ids, or why not. */
  async function read(text: string, size = 1000): Promise<string[]> {
    const found: string[] = []
    for await (const batch of readPackages(chunks(text, size))) {
      for (const each of batch) {
        found.push(
          'fault' in each ? `${each.name}: ${each.fault}` : [each.package.name, ...each.package.buildIds].join(),
        )
      }
    }
    return found
  }

  it('reads stanzas that are cut anywhere, continuation lines, and a last one without an empty line', async () => {
    for (const size of [1, 7, 1000]) {
      expect(await read(`${one('a')}\n\n${one('b')}`, size)).toEqual(['a,aabbccdd,eeff0011', 'b,aabbccdd,eeff0011'])
    }
  })

  it('ends lines and stanzas as apt does, whatever CRs are before an LF, and reads past a mark and comments', async () => {
    const text = `\ufeff# made by hand\n${one('a')}\n\n\n\n# another\n${one('b')}\n`
    for (const size of [1, 7, 1000]) {
      for (const end of ['\n', '\r\n', '\r\r\n']) {
        expect(await read(text.replaceAll('\n', end), size)).toEqual(['a,aabbccdd,eeff0011', 'b,aabbccdd,eeff0011'])
      }
    }
  })

  it('takes the last of two fields, a space before the colon, and a value on the line below', async () => {
    const text = one('a').replace('Version: 1', 'Version : 7\nVersion:\n  8').replace('Package: a', 'PACKAGE : a')
    for await (const [found] of readPackages(chunks(text, 5000))) {
      if (found !== undefined) expect(found).toMatchObject({ package: { name: 'a', version: '8' } })
    }
  })

  it('says of a second Package field, and of what is no package at all', async () => {
    expect(await read(`${one('a')}\n${one('b')}\n \n${one('c')}\n\n${one('d')}`)).toEqual([
      'a: its stanza has a second Package field',
      'd,aabbccdd,eeff0011',
    ])
    expect(await read('<html>\n<p>moved: away</p>\n\n')).toEqual(['(no name): it has no Package field'])
    expect(await read('\n\n# nothing\n\n')).toEqual(['(no name): the index holds comments alone'])
    expect(await read('\n\n')).toEqual([])
  })

  it('takes a SHA512 alone', async () => {
    const text = one('a').replace(/SHA256: .*/, `SHA512: ${'AB'.repeat(64)}`)
    for await (const [found] of readPackages(chunks(text, 5000))) {
      if (found !== undefined) {
        expect(found).toMatchObject({ package: { checksums: { sha512: 'ab'.repeat(64) } } })
      }
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
      './usr/bin/dotted  x/dotted',
      '/usr/bin/absolute  x/absolute',
      'usr/bin/qualified  x/qualified:amd64,x/other_name',
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
      { kind: 'path', path: '/usr/bin/dotted', name: 'dotted' },
      { kind: 'path', path: '/usr/bin/absolute', name: 'absolute' },
      { kind: 'path', path: '/usr/bin/qualified', name: 'qualified' },
      { kind: 'path', path: '/usr/bin/qualified', name: 'other_name' },
    ])
  })
})

describe('parseRelease()', () => {
  const text = 'Origin: Debian\nCodename: sid\nDate: Fri, 30 Oct 2026 08:08:01 UTC\n'
  const sum = (name: string, size: number) => ` ${'a'.repeat(64)} ${size} ${name}\n`

  it('refuses MD5 and SHA1 alone', () => {
    expect(() => parseRelease(`${text}MD5Sum:\n ${'a'.repeat(32)} 1 main/x\n`)).toThrow(
      'has no SHA256 or SHA512 of its',
    )
  })

  it('takes a SHA512 wherever a SHA256 can be, and all that there are of a file', () => {
    const sha512 = (name: string) => ` ${'B'.repeat(128)} 3 ${name}\n`
    const release = parseRelease(`${text}SHA512:\n${sha512('a')}${sha512('b')}SHA256:\n${sum('a', 3)}`)
    expect(release.files.get('a')?.checksums).toEqual({ sha256: 'a'.repeat(64), sha512: 'b'.repeat(128) })
    expect(release.files.get('b')?.checksums).toEqual({ sha512: 'b'.repeat(128) })
  })

  it('takes compressed forms first, the smallest at the front, and no name that leads out', () => {
    const files = sum('p/Packages', 1) + sum('p/Packages.xz', 20) + sum('p/Packages.gz', 30) + sum('../x', 1) +
      sum('./y', 1)
    const release = parseRelease(`${text}SHA256:\n${files}`)
    expect(indexForms(release, 'p/Packages').map(({ name }) => name)).toEqual([
      'p/Packages.xz',
      'p/Packages.gz',
      'p/Packages',
    ])
    expect([...release.files.keys()]).toEqual(['p/Packages', 'p/Packages.xz', 'p/Packages.gz', 'y'])
  })

  it('reads CRs, a mark, two of a field and lines that are none as apt does', () => {
    const lines = `\ufeff# by hand\n${text}Date: Sat, 31 Oct 2026 08:08:01 UTC\nnonsense\nSHA256:\n${
      sum('x', 1)
    }\n\nLater: x\n`
    const release = parseRelease(lines.replaceAll('\n', '\r\n'))
    expect(release.date).toBe(Date.UTC(2026, 9, 31, 8, 8, 1) / 1000)
    expect(release.files.get('x')).toEqual({ checksums: { sha256: 'a'.repeat(64) }, size: 1 })
  })

  it('parseRelease() gives no date where none can be read, which apt warns about', () => {
    expect(parseRelease(`Origin: Debian\nCodename: sid\nSHA256:\n${sum('x', 1)}`).date).toBe(0)
    expect(() => parseRelease(`${text}Valid-Until: soon\nSHA256:\n${sum('x', 1)}`)).toThrow('unreadable Valid-Until')
  })
})
