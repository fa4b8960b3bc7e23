import { memoryUsage } from 'node:process'
import { describe, expect, it } from 'vitest'
import type { IndexedPackage, IndexEntry } from '../../../src/packages/format/index_entry.ts'
import { readFilelists } from '../../../src/packages/rpm/filelists.ts'
import { placeAt } from '../../../src/packages/rpm/locations.ts'
import { parseMetalink, parseMirrorlist } from '../../../src/packages/rpm/mirrors.ts'
import { complaints } from '../../../src/packages/rpm/package_signature.ts'
import { readPrimary } from '../../../src/packages/rpm/primary.ts'
import { parseRepomd } from '../../../src/packages/rpm/repomd.ts'

const SHA = 'ab'.repeat(32)
const MIRROR = 'http://h/fedora/x86_64/'
const VARIABLES = { arch: 'x86_64', architecture: 'amd64', others: { releasever: '40' } } as const
const bytes = (text: string) => new TextEncoder().encode(text)

/** The text in pieces of a few bytes, so that every element is cut somewhere. */
async function* chunks(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const all = bytes(text)
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
}

function primary(fields: Record<string, string> = {}, root = 'metadata', head = ''): string {
  const all = {
    name: 'bash',
    arch: 'x86_64',
    version: 'epoch="0" ver="5.2" rel="3.fc40"',
    href: 'Packages/b.rpm',
    sha: SHA,
    ...fields,
  }
  return `<?xml version="1.0" encoding="UTF-8"?>${head}
<${root} xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="1">
<package type="rpm"><name>${all.name}</name><arch>${all.arch}</arch><version ${all.version}/>
<checksum type="sha256" pkgid="YES">${all.sha}</checksum><summary>A &lt;shell&gt; &amp; more</summary>
<size package="123" installed="1" archive="1"/><location href="${all.href}"/>
<format><rpm:sourcerpm>${fields.source ?? 'bash-5.2-3.fc40.src.rpm'}</rpm:sourcerpm>
<rpm:provides><rpm:entry name="bash" flags="EQ" epoch="0" ver="5.2" rel="3.fc40"/>
<rpm:entry name="debuginfo(build-id)" flags="EQ" epoch="0" ver="nilnil"/>
<rpm:entry name="debuginfo(build-id)" flags="EQ" epoch="0" ver="${'cd'.repeat(20)}"/></rpm:provides>
<rpm:requires><rpm:entry name="debuginfo(build-id)" flags="EQ" ver="${
    'ef'.repeat(20)
  }"/></rpm:requires></format></package>
</${root}>`
}

async function packagesOf(
  text: string | AsyncIterable<Uint8Array>,
): Promise<{ found: IndexedPackage[]; refused: string[] }> {
  const found: IndexedPackage[] = []
  const refused: string[] = []
  const input = typeof text === 'string' ? chunks(text) : text
  const refuse = (name: string, why: string) => void refused.push(`${name}: ${why}`)
  for await (const batch of readPrimary(input, { mirrors: [MIRROR], refuse })) found.push(...batch)
  return { found, refused }
}

const pathsOf = async (text: string | AsyncIterable<Uint8Array>, wants = () => true): Promise<IndexEntry[]> => {
  const found: IndexEntry[] = []
  for await (const batch of readFilelists(typeof text === 'string' ? chunks(text) : text, wants)) found.push(...batch)
  return found
}

describe('readPrimary()', () => {
  it('reads what counts of a package, with the build-ids that it provides', async () => {
    expect(await packagesOf(primary())).toEqual({
      refused: [],
      found: [{
        name: 'bash',
        version: '5.2-3.fc40',
        architecture: 'x86_64',
        source: 'bash',
        sourceVersion: '5.2-3.fc40',
        isDebug: false,
        size: 123,
        checksums: { sha256: SHA },
        path: 'Packages/b.rpm',
        buildIds: ['cd'.repeat(20)],
      }],
    })
    const { found } = await packagesOf(
      primary({ name: 'perl-debuginfo', version: 'epoch="4" ver="5.38~rc1" rel="1^a"', source: '' }),
    )
    expect(found[0]).toMatchObject({ version: '4:5.38~rc1-1^a', isDebug: true, source: 'perl-debuginfo' })
  })

  it.each([
    ['./b.rpm', 'b.rpm'],
    ['x/../b.rpm', 'b.rpm'],
    ['/b.rpm', 'b.rpm'],
    [`b.rpm" xml:base="${MIRROR}`, 'b.rpm'],
  ])('takes the location %s as dnf does', async (href, path) => {
    expect((await packagesOf(primary({ href }))).found.map((each) => each.path)).toEqual([path])
  })

  it.each(['epoch="" ver="5.2" rel="3.fc40"', 'ver="5.2" rel="3.fc40"'])(
    'takes %s for an epoch of 0',
    async (version) => {
      expect((await packagesOf(primary({ version }))).found.map((each) => each.version)).toEqual(['5.2-3.fc40'])
    },
  )

  it.each([
    [{ href: '../../etc/b.rpm' }, 'location'],
    [{ href: 'http://evil.example.org/b.rpm' }, 'location'],
    [{ href: '%2e%2e/b.rpm' }, 'location'],
    [{ href: 'b.rpm" xml:base="http://evil.example.org/' }, 'location'],
    [{ name: '../bash' }, 'name'],
    [{ version: 'epoch="0" ver="../5" rel="1"' }, 'version'],
    [{ arch: 'x86/64' }, 'architecture'],
    [{ sha: 'ab' }, 'SHA256'],
  ])('refuses a package with %j', async (fields, what) => {
    const { found, refused } = await packagesOf(primary(fields))
    expect(found).toEqual([])
    expect(refused).toHaveLength(1)
    expect(refused[0]).toContain(what)
  })

  it.each([
    ['an entity of its own', primary({ name: '&a;' }), 'no XML'],
    ['an end that is missing', primary().slice(0, -20), 'no XML'],
    ['no XML at all', 'hello', 'no XML'],
  ])('refuses XML with %s', async (_, text, message) => {
    await expect(packagesOf(text)).rejects.toThrow(message)
  })
})

const filelists = (files: string) =>
  `<?xml version="1.0"?><filelists xmlns="http://linux.duke.edu/metadata/filelists">
<package pkgid="${SHA}" name="bash" arch="x86_64"><version epoch="0" ver="1" rel="2"/>${files}</package></filelists>`

describe('readFilelists()', () => {
  it('takes build-ids of both trees, doubles included, and what can be loaded, usrmerged', async () => {
    const rest = 'cd'.repeat(19)
    const found = await pathsOf(filelists(`
      <file type="dir">/usr/lib/.build-id/ab</file>
      <file>/usr/lib/.build-id/ab/${rest}</file><file>/usr/lib/.build-id/ac/${rest}.1</file>
      <file>/usr/lib/debug/.build-id/ab/${rest}.debug</file><file>/usr/lib/debug/.build-id/ad/${rest}.1.debug</file>
      <file>/usr/lib/debug/.build-id/ab/${rest}</file><file>/usr/lib/.build-id/zz/${rest}</file>
      <file>/lib64/libc.so.6</file><file>/usr/libexec/a &amp; b</file><file>/usr/share/doc/x.html</file>
      <file type="ghost">/usr/bin/ghost</file>`))
    const id = (head: string, role: string) => ({
      kind: 'build-id',
      buildId: head + rest,
      name: 'bash',
      role,
      identity: SHA,
    })
    expect(found).toEqual([
      id('ab', 'code'),
      id('ac', 'code'),
      id('ab', 'debug'),
      id('ad', 'debug'),
      { kind: 'path', path: '/usr/lib64/libc.so.6', name: 'bash' },
      { kind: 'path', path: '/usr/libexec/a & b', name: 'bash' },
    ])
  })

  it('leaves packages out that are not wanted', async () => {
    expect(await pathsOf(filelists('<file>/usr/bin/bash</file>'), () => false)).toEqual([])
  })

  it('keeps memory flat over 150 MB', { timeout: 120_000 }, async () => {
    const files = '<file>/usr/share/doc/a/very/long/folder/of/documents/that/nobody/loads.html</file>\n'.repeat(3000)
    const chunk = bytes(
      `<package pkgid="${SHA}" name="a" arch="x86_64"><version epoch="0" ver="1" rel="2"/>${files}</package>`,
    )
    const total = 150 << 20
    async function* large() {
      yield bytes('<filelists>')
      for (let sent = 0; sent < total; sent += chunk.length) yield chunk
      yield bytes('</filelists>')
    }
    const before = rss()
    let peak = 0
    for await (const _ of readFilelists(large(), () => true)) peak = Math.max(peak, rss())
    expect((peak - before) / 2 ** 20).toBeLessThan(150)
  })
})

function rss(): number {
  return memoryUsage.rss()
}

const repomd = (data: string) => bytes(`<repomd xmlns="x"><revision>9</revision>${data}</repomd>`)
const data = (type: string, rest: string) => `<data type="${type}">${rest}</data>`
const GOOD = `<checksum type="sha256">${SHA}</checksum><open-checksum type="sha256">${SHA}</open-checksum>
  <location href="repodata/p.xml.zst"/><timestamp>1700000000</timestamp><size>10</size><open-size>100</open-size>`

describe('parseRepomd()', () => {
  it('takes primary and filelists as XML, and nothing else', async () => {
    const text = data('primary_zck', GOOD.replace('p.xml.zst', 'p.xml.zck')) + data('primary', GOOD) +
      data('filelists_db', GOOD.replace('1700000000', '1700000009')) + data('modules', '')
    expect(await parseRepomd(repomd(text), MIRROR)).toEqual({
      date: 1_700_000_009,
      primary: {
        path: 'repodata/p.xml.zst',
        compression: 'zst',
        checksum: { algorithm: 'sha256', hex: SHA },
        size: 10,
        openSize: 100,
      },
      filelists: undefined,
    })
  })

  it.each([
    ['', 'names no primary index'],
    [data('primary', GOOD.replaceAll('sha256', 'sha')), 'no SHA224, SHA256, SHA384 or SHA512'],
    [data('primary', GOOD.replace('repodata/', '../../')), 'primary index whose location leads out of the repository'],
    [
      data('primary', GOOD.replace('href="repodata/', 'xml:base="http://evil/" href="')),
      'leads to another host (xml:base)',
    ],
    [data('primary', GOOD.replace('.zst', '.zip')), 'as repodata/p.xml.zip: of the forms'],
  ])('refuses %s', async (text, message) => {
    await expect(parseRepomd(repomd(text), MIRROR)).rejects.toThrow(message)
  })
})

describe('mirrors', () => {
  it('come from a metalink by preference, with the hashes of this and of older generations', async () => {
    const list = await parseMetalink(
      bytes(`<metalink xmlns:mm0="m"><files><file name="repomd.xml">
      <verification><hash type="md5">1</hash><hash type="sha256">${SHA}</hash></verification>
      <mm0:alternates><mm0:alternate><verification><hash type="sha512">${
        'cd'.repeat(64)
      }</hash></verification></mm0:alternate>
      </mm0:alternates><resources><url preference="1">http://b/x/repodata/repomd.xml</url>
      <url protocol="rsync" preference="100">rsync://c/x/repodata/repomd.xml</url>
      <url preference="100">file:///d/repodata/repomd.xml</url>
      <url preference="99">https://a/x/repodata/repomd.xml</url></resources></file></files></metalink>`),
      { address: 'https://m/', variables: VARIABLES },
    )
    expect(list).toEqual({
      mirrors: ['https://a/x/', 'http://b/x/'],
      checksums: [{ algorithm: 'sha256', hex: SHA }, { algorithm: 'sha512', hex: 'cd'.repeat(64) }],
      unknown: [],
    })
  })

  it('come from a mirrorlist line by line', () => {
    const mirrors = (text: string, address = 'https://m/') =>
      parseMirrorlist(text, { address, variables: VARIABLES }).mirrors
    expect(mirrors('# x\nhttp://a/x\n\nftp://b/\r\nhttps://c/y/\nfile:///d/\n')).toEqual([
      'http://a/x/',
      'https://c/y/',
    ])
    expect(mirrors('file:///d/\n', 'file:///list')).toEqual(['file:///d/'])
    expect(() => mirrors('<html>')).toThrow('names no mirror')
  })

  it('may hold variables, and one that needs an unknown variable does not count', async () => {
    const list = 'http://a/$releasever/$basearch/os/\nhttp://b/${contentdir:-centos}/\nhttp://c/$stream/\n'
    const { mirrors, unknown } = parseMirrorlist(list, { address: 'https://m/', variables: VARIABLES })
    expect(mirrors).toEqual(['http://a/40/x86_64/os/', 'http://b/centos/'])
    expect(unknown).toEqual(['$stream'])
    const metalink = `<metalink><files><file name="repomd.xml"><hash type="sha256">${SHA}</hash>
      <url>http://a/$basearch/repodata/repomd.xml</url><url>http://b/$x/repodata/repomd.xml</url></file></files></metalink>`
    const parsed = await parseMetalink(bytes(metalink), { address: 'https://m/', variables: VARIABLES })
    expect(parsed).toMatchObject({ mirrors: ['http://a/x86_64/'], unknown: ['$x'] })
  })
})

describe('placeAt()', () => {
  const at = (href: string, base?: string, mirrors = [MIRROR]) => placeAt({ href, base }, { mirrors })

  it.each([
    ['Packages/a/a-1.0^git~1+x.rpm', undefined, 'Packages/a/a-1.0^git~1+x.rpm'],
    ['./a', undefined, 'a'],
    ['b/../a', undefined, 'a'],
    ['/a', undefined, 'a'],
    ['a', '', 'a'],
    ['a', MIRROR, 'a'],
    ['a', 'http://h/fedora/x86_64', 'a'],
    ['a', `${MIRROR}Packages`, 'Packages/a'],
    ['a', `${MIRROR}Pack%20ages/`, 'Pack ages/a'],
    ['a', 'https://h/fedora/x86_64/', 'a'],
    ['./a', 'http://h/fedora/aarch64/', '/fedora/aarch64/a'],
    ['a', 'http://h/', '/a'],
    [`${MIRROR}Packages/a`, undefined, 'Packages/a'],
    ['http://h/other/a', undefined, '/other/a'],
  ])('takes %s below %s', (href, base, place) => {
    expect(at(href, base)).toEqual({ place })
  })

  it.each([
    ['', undefined, 'is empty'],
    ['../a', undefined, 'leads out of the repository'],
    ['../a', MIRROR, 'leads out of the repository'],
    ['a?b', undefined, 'holds a ?, which ends or turns an address'],
    ['a/%2E./../b', undefined, 'leads out of the repository'],
    ['a', 'http://evil/', 'leads to another host (xml:base)'],
    ['a', 'http://h:81/fedora/x86_64/', 'leads to another host (xml:base)'],
    ['a', 'http://h@evil/', 'leads to another host (xml:base)'],
    ['a', 'file:///etc/', 'leads to another host (xml:base)'],
    ['a', 'media://1#2', 'leads to another host (xml:base)'],
    ['a', 'relative/', 'leads to another host (xml:base)'],
    ['a', 'http://h/%252e%252e/', 'leads out of the repository (xml:base)'],
    ['http://evil/a', undefined, 'leads to another host'],
    ['file:///etc/passwd', undefined, 'leads to another host'],
  ])('refuses %j below %s', (href, base, fault) => {
    expect(at(href, base)).toEqual({ fault })
  })

  it('reads nothing of a file system but what is below the repository', () => {
    expect(at('a', 'file:///srv/x/sub/', ['file:///srv/x/'])).toEqual({ place: 'sub/a' })
    expect(at('passwd', 'file:///etc/', ['file:///srv/x/'])).toEqual({ fault: 'leads to another host (xml:base)' })
  })
})

describe('complaints()', () => {
  it('shows what rpmkeys found wrong, or that there is no signature', () => {
    expect(complaints('p.rpm:\n    Header V4 Signature, key ID 1: NOKEY\n    MD5 digest: OK\n')).toBe(
      'Header V4 Signature, key ID 1: NOKEY',
    )
    expect(complaints('p.rpm:\n    RSA signature: NOTFOUND\n    MD5 digest: OK\n')).toBe('it has none')
  })
})
