/** What mirrors send, before and after a signature was verified. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { extract } from 'tar-stream'
import { readContents } from '../../../src/packages/deb/contents.ts'
import { readPackages } from '../../../src/packages/deb/packages_index.ts'
import { parseRelease } from '../../../src/packages/deb/release_file.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { addressBelow } from '../../../src/packages/format/place.ts'
import { unpack } from '../../../src/packages/keep/unpack.ts'
import { membersOf } from '../../../src/packages/open/tar_members.ts'
import { readFilelists } from '../../../src/packages/rpm/filelists.ts'
import { parseMetalink, parseMirrorlist } from '../../../src/packages/rpm/mirrors.ts'
import { complaints } from '../../../src/packages/rpm/package_signature.ts'
import { readPrimary } from '../../../src/packages/rpm/primary.ts'
import { parseRepomd } from '../../../src/packages/rpm/repomd.ts'
import { keysIn } from '../../../src/packages/verify/key_ring.ts'
import { refusalOf } from '../../../src/packages/verify/verdict.ts'
import { KIB } from '../../../src/units/bytes.ts'
import { inPieces, makeTar, paxHeader } from '../../helpers/archives.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { ORDINARY, type Target } from '../target.ts'

const isOurs = (error: unknown) => error instanceof FetchError
const SHA = 'ab'.repeat(32)
const BASE = 'http://mirror.example/debian/'
const text = (input: Uint8Array) => Buffer.from(input).toString('utf8')
const seeds = (...texts: string[]) => () => texts.map((each) => Buffer.from(each))

async function all<T>(batches: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

const STANZA = `Package: bash
Source: bash (5.2)
Version: 5.2.15-2+b7
Architecture: amd64
Filename: pool/main/b/bash/bash_5.2.15-2+b7_amd64.deb
Size: 1234
SHA256: ${SHA}
Build-Ids: ${'cd'.repeat(20)}

`
const WAYS_OUT = ['../', '%2e%2e/', '/etc/passwd', 'http://other.example/', '//other.example/', '\\', '?', '#', '%00']

export const packages: Target = {
  seeds: seeds(STANZA, STANZA.repeat(3), STANZA.replaceAll('\n', '\r\n')),
  words: [
    'Package: ',
    'Version: ',
    'Filename: ',
    'Size: ',
    'SHA256: ',
    'SHA512: ',
    'Build-Ids: ',
    '\n\n',
    '\r\n',
    ...WAYS_OUT,
  ],
  maxBytes: 64 * KIB,
  async read(input) {
    const found = await all(readPackages(inPieces(input, 1000)))
    for (const each of found) {
      if (!('package' in each)) continue
      const address = addressBelow(BASE, each.package.path)
      if (!address.startsWith(BASE)) throw new Error(`${each.package.path} leads out of the repository: ${address}`)
    }
    return found
  },
  isOurs,
  cost: ORDINARY,
  weight: 2,
}

export const contents: Target = {
  seeds: seeds('usr/bin/bash shells/bash\nusr/lib/libc.so.6 libs/libc6,libs/libc6-i386\n', './bin/x admin/x:i386\n'),
  words: [' ', '\t', ',', '/', './', '\n', ':amd64', 'FILE LOCATION\n'],
  maxBytes: 64 * KIB,
  read: (input) => all(readContents(inPieces(input, 1000))),
  isOurs,
  cost: ORDINARY,
}

export const release: Target = {
  seeds: seeds(
    `Origin: Debian\nSuite: stable\nCodename: bookworm\nVersion: 12.5\nDate: Sat, 10 Feb 2024 11:07:25 UTC\n` +
      `Architectures: amd64 arm64\nComponents: main\nAcquire-By-Hash: yes\nSHA256:\n ${SHA} 1234 main/binary-amd64/Packages.xz\n`,
  ),
  words: [
    'Valid-Until: ',
    'Date: ',
    'SHA256:\n ',
    'SHA512:\n ',
    'Components: ',
    'Architectures: ',
    `${SHA} 1 x\n `,
    ...WAYS_OUT,
  ],
  maxBytes: 64 * KIB,
  read: (input) => parseRelease(text(input)),
  isOurs,
  cost: ORDINARY,
  weight: 2,
}

const PRIMARY = `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="1">
<package type="rpm"><name>bash</name><arch>x86_64</arch><version epoch="0" ver="5.2" rel="3.fc40"/>
<checksum type="sha256" pkgid="YES">${SHA}</checksum><size package="123" installed="1" archive="1"/>
<location href="Packages/b.rpm"/><format><rpm:sourcerpm>bash-5.2-3.fc40.src.rpm</rpm:sourcerpm><rpm:provides>
<rpm:entry name="debuginfo(build-id)" flags="EQ" ver="${
  'cd'.repeat(20)
}"/></rpm:provides></format></package></metadata>`
const XML = [
  '<',
  '>',
  '/>',
  '</package>',
  '<package type="rpm">',
  '&lt;',
  '&#x0;',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
]

export const primary: Target = {
  seeds: seeds(PRIMARY),
  words: [...XML, 'xml:base="', 'href="', 'epoch="', 'checksum type="sha512"', ...WAYS_OUT],
  maxBytes: 64 * KIB,
  read: (input) => all(readPrimary(inPieces(input, 1000), { mirrors: [BASE], refuse: () => undefined })),
  isOurs,
  cost: { ...ORDINARY, msPerKib: 4 },
  weight: 2,
}

export const filelists: Target = {
  seeds: seeds(
    `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="1"><package pkgid="${SHA}" name="bash" arch="x86_64">` +
      `<version epoch="0" ver="5.2" rel="3.fc40"/><file>/usr/bin/bash</file><file type="dir">/etc</file>` +
      `<file>/usr/lib/debug/.build-id/ab/${'cd'.repeat(19)}.debug</file></package></filelists>`,
  ),
  words: [...XML, '<file>', '</file>', 'type="dir"', '/usr/lib/debug/.build-id/'],
  maxBytes: 64 * KIB,
  read: (input) => all(readFilelists(inPieces(input, 1000), () => true)),
  isOurs,
  cost: { ...ORDINARY, msPerKib: 4 },
}

export const repomd: Target = {
  seeds: seeds(
    `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1700000000</revision><data type="primary">` +
      `<checksum type="sha256">${SHA}</checksum><open-checksum type="sha256">${SHA}</open-checksum>` +
      `<location href="repodata/${SHA}-primary.xml.gz"/><timestamp>1700000000</timestamp><size>123</size>` +
      `<open-size>456</open-size></data></repomd>`,
  ),
  words: [...XML, '<data type="filelists">', '<location href="', '<size>', 'xml:base="', ...WAYS_OUT],
  maxBytes: 64 * KIB,
  read: (input) => parseRepomd(input, BASE),
  isOurs,
  cost: { ...ORDINARY, msPerKib: 4 },
}

export const mirrors: Target = {
  seeds: seeds(
    '# comment\nhttp://a.example/x\nhttps://b.example/y/\n',
    `<metalink><files><file name="repomd.xml"><verification><hash type="sha256">${SHA}</hash></verification>` +
      '<resources><url preference="100">http://a.example/repodata/repomd.xml</url></resources></file></files></metalink>',
  ),
  words: [...XML, 'http://', 'file:///etc/passwd', '<url preference="', '<hash type="sha512">', '$basearch', '${x:-y}'],
  maxBytes: 64 * KIB,
  async read(input) {
    const first = text(input).trimStart().startsWith('<')
    const context = {
      address: BASE,
      variables: { arch: 'x86_64', architecture: 'amd64', others: { releasever: '40' } },
    } as const
    return first ? await parseMetalink(input, context) : parseMirrorlist(text(input), context)
  },
  isOurs,
  cost: { ...ORDINARY, msPerKib: 4 },
}

export const keys: Target = {
  seeds: seeds(
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment:\n\nmDMEZQ==\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n',
    '\x98\x33\x04\x65\0\0\0\0\x16',
  ),
  words: [
    '-----BEGIN PGP PUBLIC KEY BLOCK-----',
    '-----END PGP PUBLIC KEY BLOCK-----',
    'Version: ',
    '<html>',
    'KBXf',
    '\x99',
  ],
  maxBytes: 64 * KIB,
  read: (input) => keysIn(Buffer.from(input), 'The key').length,
  isOurs,
  cost: ORDINARY,
}

/** What gpgv and rpmkeys say. */
export const verdicts: Target = {
  seeds: seeds(
    `[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0123456789ABCDEF x\n[GNUPG:] VALIDSIG ${
      'A'.repeat(40)
    } 2024-01-01 1 0 4 0 1 8 00 ${'B'.repeat(40)}\n`,
    '    Header V4 RSA/SHA256 Signature, key ID 01234567: OK\n    Payload SHA256 digest: BAD\n',
  ),
  words: ['[GNUPG:] ', 'EXPKEYSIG ', 'BADSIG ', 'ERRSIG ', 'VALIDSIG ', 'NOTOK', 'NOKEY', '\n'],
  maxBytes: 16 * KIB,
  read: (
    input,
  ) => [
    refusalOf(text(input), { fingerprints: ['A'.repeat(40)], refusesWeakDigests: true }),
    complaints(text(input)),
  ],
  isOurs,
  cost: ORDINARY,
}

/** What dpkg-deb and rpm2archive hand on of a package: a tar, unpacked into a folder. */
export const tree: Target = {
  async seeds() {
    await using folder = await temporaryFolder()
    const { binary } = makeElf(folder.path, 'kept')
    const packed = execFileSync('tar', [
      '-c',
      '-C',
      folder.path,
      '--transform=s,.*,./usr/bin/kept,',
      binary.slice(folder.path.length + 1),
    ])
    return [
      packed,
      makeTar([{ name: './usr/', type: '5' }, { name: './usr/l', type: '2', linkName: '../../../etc/passwd' }]),
      makeTar([paxHeader([['path', 'usr/lib/x']]), { name: 'x', content: '\x7fELF' }, {
        name: 'y',
        type: '1',
        linkName: 'x',
      }]),
    ]
  },
  words: ['../', '/etc/passwd', './usr/lib/debug/', '\x7fELF', ...[...'0123456xgLK'].map((kind) => `${kind}\0`)],
  maxBytes: 64 * KIB,
  async read(input) {
    await using folder = await temporaryFolder()
    const stream = extract()
    stream.end(Buffer.from(input))
    return await unpack(membersOf(stream), { folder: folder.file('kept'), assertRoom: () => undefined })
  },
  isOurs,
  cost: { ...ORDINARY, ms: 300 },
  weight: 2,
}
