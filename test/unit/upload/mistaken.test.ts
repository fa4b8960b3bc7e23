/** Uploads that are something else than their headers say: each is named as what it is, with what to send instead. */
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { whatItIs } from '../../../src/upload/mistaken.ts'
import {
  designMembers,
  fakeCore,
  makeMember,
  makeTar,
  pack,
  paxHeader,
  tarOf,
  testSpool,
} from '../../helpers/archives.ts'
import { filesOf, refused, upload } from '../../helpers/uploads.ts'

const tar = tarOf(designMembers())
const core = fakeCore()
const APPORT = Buffer.from('ProblemType: Crash\nArchitecture: amd64\nCoreDump: base64\n H4sICAAAAAAC\n')
const TEXT = Buffer.from('<!doctype html><title>404 Not Found</title>\n'.repeat(20))

type Sent = Parameters<typeof refused>[2]
const DESIGN: Sent = { manifest: 'design' }
const BARE: Sent = { manifest: 'bare' }

it.each<[string, Buffer, Sent, RegExp]>([
  ['gzip as xz', pack('gzip', tar), { ...DESIGN, encoding: 'xz' }, /not xz: it is gzip: .*application\/x-gzip'/],
  ['xz as gzip', pack('xz', tar), { ...DESIGN, encoding: 'gzip' }, /not gzip: it is xz: .*application\/x-xz'/],
  ['zstd as xz', pack('zstd', tar), { ...DESIGN, encoding: 'xz' }, /it is zstd: .*application\/zstd'/],
  ["gzip as ABRT's xz", pack('gzip', tar), { manifest: 'abrt', encoding: 'xz' }, /application\/x-compressed-tar'/],
  ["zstd as ABRT's xz", pack('zstd', tar), { manifest: 'abrt', encoding: 'xz' }, /zstd' and 'X-Task-Type: 0'/],
  ['gzip as a plain archive', pack('gzip', tar), DESIGN, /not a tar archive: it is gzip: .*application\/x-gzip'/],
  [
    'gzip within xz',
    pack('xz', pack('gzip', tar)),
    { ...DESIGN, encoding: 'xz' },
    /it is gzip within xz: pack it once/,
  ],
  ['a plain archive as xz', tar, { ...DESIGN, encoding: 'xz' }, /it is a tar archive: .*application\/x-tar'/],
  ['a bare core as an archive', core, DESIGN, /bare core is one: .*'Content-Type: application\/x-core'$/],
  [
    'a bare core as xz',
    core,
    { ...DESIGN, encoding: 'xz' },
    /bare core is one: .*'Content-Type: application\/x-core'$/,
  ],
  [
    'a packed core as an archive',
    pack('xz', core),
    { ...DESIGN, encoding: 'xz' },
    /x-core' and 'Content-Encoding: xz'$/,
  ],
  ['an archive as a core', tar, BARE, /it is a tar archive: .*application\/x-tar'$/],
  ['a packed archive as a core', pack('xz', tar), { ...BARE, encoding: 'xz' }, /'Content-Type: application\/x-xz'$/],
  ['a packed core that nobody said was', pack('gzip', core), BARE, /x-core' and 'Content-Encoding: gzip'$/],
  ['gzip as a core in xz', pack('gzip', core), { ...BARE, encoding: 'xz' }, /'Content-Encoding: gzip'$/],
  ['an apport report as an archive', APPORT, DESIGN, /it is apport's report: .*apport-unpack/],
  ['an apport report as a core', APPORT, BARE, /it is apport's report: .*apport-unpack/],
  ['an apport report as xz', APPORT, { ...DESIGN, encoding: 'xz' }, /it is apport's report: .*apport-unpack/],
  ['an apport report, packed', pack('gzip', APPORT), { ...DESIGN, encoding: 'gzip' }, /it is apport's report/],
  ['a zip archive', Buffer.from('PK\x03\x04'.padEnd(600, '\0')), DESIGN, /it is a zip archive/],
  ['a page of text', TEXT, DESIGN, /it is text/],
  ['a page of text as xz', TEXT, { ...DESIGN, encoding: 'xz' }, /it is text/],
  ['a program', Buffer.concat([core.subarray(0, 16), Buffer.from([2, 0]), core.subarray(18)]), BARE, /no core of a/],
])('refuses %s with a sentence on what it is', async (_, bytes, sent, said) => {
  await using test = await testSpool()
  const error = await refused(test, bytes, sent)
  expect(error.message).toMatch(said)
  expect(['bad-stream', 'not-a-core']).toContain(error.code)
})

it('says nothing of bytes that nobody knows', () => {
  for (const bytes of [new Uint8Array(), new Uint8Array(600).fill(0xa5)]) {
    for (const manifest of ['design', 'abrt', 'bare'] as const) {
      expect(whatItIs(bytes, { manifest, encoding: 'none' }, 'sent')).toBeUndefined()
    }
  }
})

/** As bsdtar of macOS writes them: attributes, flags and times of each file in records of its own. */
const MACOS = [
  ['LIBARCHIVE.xattr.com.apple.provenance', 'AQIA1VvGqVqDmZk='],
  ['SCHILY.xattr.com.apple.provenance', '\u0001\u0002\u0000'],
  ['SCHILY.fflags', 'hidden'],
  ['LIBARCHIVE.creationtime', '1764313200.123456789'],
  ['mtime', '1764313200.5'],
] as const

it("takes an archive with macOS's extended headers", async () => {
  await using test = await testSpool()
  const members = Object.entries(designMembers()).flatMap(([name, content]) => [
    paxHeader([...MACOS, ['path', name]]),
    { name, content },
  ])
  const accepted = await upload(test, makeTar(members), DESIGN)
  expect(Object.keys(filesOf(accepted))).toContain('coredump')
})

it.each(['._coredump', './._coredump', '._.', 'dir/._packages', '__MACOSX/._coredump'])(
  'names the AppleDouble member %s, whether a header or an extended one has its name',
  async (name) => {
    await using test = await testSpool()
    const member = { name, content: Buffer.from([0, 5, 0x16, 7, 0, 2, 0, 0]) }
    for (const members of [[member], [paxHeader([...MACOS, ['path', name]]), { ...member, name: 'x' }]]) {
      const error = await refused(test, makeTar(members), DESIGN)
      expect([error.code, error.message]).toEqual([
        'bad-member',
        expect.stringMatching(/AppleDouble.*COPYFILE_DISABLE=1/),
      ])
    }
    expect(makeMember(member).length).toBeGreaterThan(512)
  },
)
