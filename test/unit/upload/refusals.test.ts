import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  abrtMembers,
  designMembers,
  fakeCore,
  gnuTar,
  type MadeMember,
  makeMember,
  makeTar,
  MIB,
  pack,
  paxHeader,
  tarOf,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { refused, upload } from '../../helpers/uploads.ts'

let test: TestSpool

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '2', RETRACE_MAX_FILE_KB: '10' })
})
afterAll(() => test[Symbol.asyncDispose]())

const members: MadeMember[] = Object.entries(designMembers()).map(([name, content]) => ({ name, content }))

describe('receive(), what is no tar', () => {
  it.each([
    ['an empty body', ''],
    ['a text', 'this is no tar'],
    ['a long text', 'this is no tar. '.repeat(1000)],
    ['an ELF core', fakeCore(8192)],
    ['a header cut in its middle', makeTar(members).subarray(0, 300)],
    ['a member cut in its middle', makeTar(members).subarray(0, 3000)],
    ['a member cut in its fill', makeTar([...members.slice(1), ...members.slice(0, 1)]).subarray(0, 600)],
    ['bytes after the end', Buffer.concat([makeTar(members), Buffer.from('more')])],
    ['an archive after the end', Buffer.concat([makeTar(members), makeTar(members)])],
    [
      'a member after a single block of zeros',
      makeTar(members, Buffer.concat([Buffer.alloc(512), makeMember({ name: 'x' })])),
    ],
    ['an extended header and nothing after it', makeTar([...members, paxHeader([['path', 'x']])])],
    ['a negative size in base-256', makeTar([{ name: 'coredump', size: Buffer.alloc(12, 0xff) }])],
    ['a size that is no number', makeTar([{ name: 'coredump', size: Buffer.from('12x45678901\0') }])],
  ])('answers 400 to %s', async (_, body) => {
    expect((await refused(test, Buffer.from(body))).code).toBe('bad-stream')
  })

  it.each(['xz', 'gzip', 'zstd'] as const)(
    'answers 400 to a body that is not %s, from its first byte',
    async (encoding) => {
      async function* stuck() {
        yield Buffer.from('n')
        await new Promise(() => undefined)
      }
      const error = await refused(test, stuck(), { encoding })
      expect(error.code).toBe('bad-stream')
      expect(error.message).toContain(`is not ${encoding}`)
    },
  )

  it.each(['xz', 'gzip', 'zstd'] as const)('answers 400 to an empty body as %s', async (encoding) => {
    expect((await refused(test, Buffer.alloc(0), { encoding })).code).toBe('bad-stream')
  })

  it.each(['xz', 'gzip', 'zstd'] as const)('answers 400 to %s of something that is no tar', async (encoding) => {
    expect((await refused(test, pack(encoding, randomBytes(300_000)), { encoding })).code).toBe('bad-stream')
  })
})

describe('receive(), what is no core', () => {
  it.each([
    ['a text', 'no core', 'not an ELF core'],
    ['nothing', '', 'not an ELF core'],
    ['an ELF program', elf(2), 'not an ELF core'],
    ['a core cut after 10 bytes', fakeCore().subarray(0, 10), 'not an ELF core'],
    ['an unknown class', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 3, 1]), 'not an ELF core'],
    ['xz that does not say so', pack('xz', fakeCore()), 'Content-Encoding: xz'],
    ['gzip that does not say so', pack('gzip', fakeCore()), 'Content-Encoding: gzip'],
    ['zstd that does not say so', pack('zstd', fakeCore()), 'Content-Encoding: zstd'],
    ['lz4', Buffer.from([0x04, 0x22, 0x4d, 0x18, 0, 0, 0, 0]), 'coredumpctl dump'],
    ['bzip2', Buffer.from('BZh91AY&SY'), 'it is packed by bzip2: unpack it'],
    ['a minidump', Buffer.from('MDMP\x93\xa7\0\0'), 'it is a minidump: make a core of it'],
  ])('answers 400 to a bare core that is %s', async (_, body, reason) => {
    const error = await refused(test, Buffer.from(body), { manifest: 'bare' })
    expect(error.code).toBe('not-a-core')
    expect(error.message).toContain(reason)
  })

  it('answers at the first wrong byte, without waiting for more', async () => {
    async function* stuck() {
      yield Buffer.from([0x7f, 0x46])
      await new Promise(() => undefined)
    }
    expect((await refused(test, stuck(), { manifest: 'bare' })).code).toBe('not-a-core')
  })

  it('answers before the rest has come when the packed one is no core', async () => {
    const gz = pack('gzip', Buffer.alloc(100_000, 'text'))
    async function* stuck() {
      yield gz.subarray(0, 60)
      await new Promise(() => undefined)
    }
    expect((await refused(test, stuck(), { manifest: 'bare', encoding: 'gzip' })).code).toBe('not-a-core')
  })

  it.each(['xz', 'zstd'] as const)(
    'answers before the rest has come when the core inside %s is none',
    async (encoding) => {
      const packed = pack(encoding, randomBytes(2 * MIB))
      async function* stuck() {
        yield packed.subarray(0, MIB)
        await new Promise(() => undefined)
      }
      expect((await refused(test, stuck(), { manifest: 'bare', encoding })).code).toBe('not-a-core')
    },
  )
})

describe('receive(), sizes', () => {
  it('takes a bare core of RETRACE_MAX_UNPACKED_MB, and answers 413 to one byte more', async () => {
    await upload(test, fakeCore(2 * MIB), { manifest: 'bare' })
    for (const encoding of ['none', 'gzip', 'xz', 'zstd'] as const) {
      const core = fakeCore(2 * MIB + 1)
      const error = await refused(test, encoding === 'none' ? core : pack(encoding, core), {
        manifest: 'bare',
        encoding,
      })
      expect(error.code).toBe('unpacked-too-large')
      expect(error.limit).toEqual({ setting: 'RETRACE_MAX_UNPACKED_MB', value: 2, unit: 'MiB' })
      expect(error.message).toContain('2 MB')
    }
  })

  it('adds up all members', async () => {
    const texts = Object.values(designMembers()).slice(1).reduce((sum, text) => sum + text.length, 0)
    await upload(test, tarOf(designMembers(fakeCore(2 * MIB - texts))))
    expect((await refused(test, tarOf(designMembers(fakeCore(2 * MIB - texts + 1))))).code).toBe('unpacked-too-large')
  })

  it('answers 413 to a size in a header that is above the limit, whatever follows', async () => {
    for (const size of [2 * MIB + 1, 8 ** 11 - 1, Buffer.from([0x80, ...Buffer.alloc(11, 0xff)])]) {
      expect((await refused(test, makeTar([{ name: 'coredump', size }]))).code).toBe('unpacked-too-large')
    }
  })

  it.each(['gzip', 'xz', 'zstd'] as const)('answers 413 to gigabytes of padding in %s', async (encoding) => {
    const body = pack(encoding, Buffer.concat([tarOf(designMembers()), Buffer.alloc(40 * MIB)]), ['-1'])
    expect((await refused(test, body, { encoding })).code).toBe('unpacked-too-large')
  })

  it('takes a member of RETRACE_MAX_FILE_KB, and answers 413 naming the limit to one byte more', async () => {
    const line = '# comment\n'
    const packages = line.repeat(1024)
    await upload(test, tarOf({ ...designMembers(), packages }))
    const error = await refused(test, tarOf({ ...designMembers(), packages: `${packages} ` }))
    expect(error.code).toBe('file-too-large')
    expect(error.limit).toEqual({ setting: 'RETRACE_MAX_FILE_KB', value: 10, unit: 'KiB' })
    expect(error.message).toContain("'packages'")
  })

  it.each([
    ['is not known', 'core.gz', 'unknown-member', /is not known here/],
    ['is there twice', 'release', 'bad-member', /is in the archive twice/],
    ['has a path in its name', '../release', 'bad-member', /tar -C '\.\.' -c coredump \.\.\. packs them so/],
    [
      'lies in a folder',
      'crash/1/coredump',
      'bad-member',
      /not known here.*tar -C 'crash\/1' -c coredump \.\.\. packs them so/,
    ],
    ['is the folder that is packed', 'crash/', 'bad-member', /is a directory.*tar -C 'crash' -c coredump \.\.\. packs/],
    ['lies at the root', '/coredump', 'bad-member', /tar -C '\/' -c coredump \.\.\. packs them so/],
    ['is one that macOS adds', '._coredump', 'bad-member', /AppleDouble/],
    ['is one that macOS adds, in a folder', 'crash/._release', 'bad-member', /AppleDouble/],
    ['is in a folder and not known', 'crash/core.gz', 'bad-member', /has a path in its name/],
  ])('answers 403 before 413 for one member that %s', async (_, name, code, said) => {
    for (const size of [11 * 1024, 3 * MIB]) {
      const error = await refused(test, makeTar([...members, { name, content: Buffer.alloc(size, 'x') }]))
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(said)])
    }
  })

  it('finds the first fault in the order of the stream', async () => {
    const unknown = { name: 'unknown' }
    const large = { name: 'packages', content: Buffer.alloc(11 * 1024, 'x') }
    const wrong = { name: 'architecture', content: 'two words' }
    expect((await refused(test, makeTar([unknown, large, wrong]))).code).toBe('unknown-member')
    expect((await refused(test, makeTar([large, unknown, wrong]))).code).toBe('file-too-large')
    expect((await refused(test, makeTar([wrong, unknown, large]))).code).toBe('bad-content')
    expect((await refused(test, makeTar([unknown]).subarray(0, 700))).code).toBe('unknown-member')
    expect((await refused(test, makeTar([wrong]).subarray(0, 700))).code).toBe('bad-stream')
    const checked = pack('gzip', makeTar([unknown]))
    checked[checked.length - 6]! ^= 1
    expect((await refused(test, checked, { encoding: 'gzip' })).code).toBe('unknown-member')
    const cut = pack('xz', makeTar([unknown]))
    expect((await refused(test, cut.subarray(0, -4), { encoding: 'xz' })).code).toBe('unknown-member')
  })

  it('answers 413 to more bytes than RETRACE_MAX_PACKED_MB and 10 KB, if they came', async () => {
    const small = await testSpool({ RETRACE_MAX_PACKED_MB: '1' })
    await using _ = small
    const core = (size: number) => Buffer.concat([fakeCore(), randomBytes(size - 4096)])
    await upload(small, core(MIB + 10 * 1024), { manifest: 'bare' })
    const error = await refused(small, core(MIB + 10 * 1024 + 1), { manifest: 'bare' })
    expect(error.code).toBe('packed-too-large')
    expect(error.limit?.setting).toBe('RETRACE_MAX_PACKED_MB')
  })
})

describe('receive(), members', () => {
  it.each([
    ['a symbolic link', { name: 'release', type: '2', linkName: '/etc/passwd' }, 'symbolic link'],
    ['a hard link', { name: 'release', type: '1', linkName: 'coredump' }, 'hard link'],
    ['a character device', { name: 'release', type: '3' }, 'character device'],
    ['a block device', { name: 'release', type: '4' }, 'block device'],
    ['a FIFO', { name: 'release', type: '6' }, 'FIFO'],
    ['a directory', { name: 'release', type: '5' }, 'directory'],
    ['a directory of the seventh edition', { name: 'release/', type: '\0' }, 'directory'],
    ['a volume label', { name: 'release', type: 'V' }, 'special entry'],
    ['an entry of a type that nobody knows', { name: 'release', type: '!' }, 'special entry'],
  ])('answers 403 naming the member to %s', async (_, member, kind) => {
    const error = await refused(test, makeTar([member, ...members]))
    expect(error.code).toBe('bad-member')
    expect(error.message).toContain('release')
    expect(error.message).toContain(kind)
  })

  it.each([
    '/coredump',
    '../coredump',
    'a/coredump',
    './a/coredump',
    '././coredump',
    'coredump/',
    '.',
    '..',
    '/',
    'a/../coredump',
  ])(
    'answers 403 to a member named %s',
    async (name) => {
      const error = await refused(test, makeTar([{ name, content: 'x' }, ...members]))
      expect(error.code).toBe('bad-member')
    },
  )

  it('answers 403 to a path in a PAX header, a long name or the ustar prefix', async () => {
    const archives: MadeMember[][] = [
      [paxHeader([['path', '/etc/passwd']]), { name: 'coredump' }],
      [{ name: '././@LongLink', type: 'L', content: '../../etc/passwd\0' }, { name: 'coredump' }],
      [{ name: 'coredump', prefix: '..' }],
    ]
    for (const archive of archives) expect((await refused(test, makeTar(archive))).code).toBe('bad-member')
  })

  it('takes the prefix . for a leading ./', async () => {
    const dotted = members.map((member) => ({ ...member, prefix: '.' }))
    expect((await upload(test, makeTar(dotted))).id).toMatch(/^[0-9]+$/)
  })

  it('answers 403 to a name twice', async () => {
    for (const name of ['release', './release', 'coredump']) {
      const error = await refused(test, makeTar([...members, { name, content: 'Debian 12' }]))
      expect(error.code).toBe('bad-member')
      expect(error.message).toContain('twice')
    }
  })

  it('answers 403 to a member that is not known and names those that are', async () => {
    const error = await refused(test, makeTar([...members, { name: 'executable', content: '/bin/x' }]))
    expect(error.code).toBe('unknown-member')
    expect(error.message).toContain("'executable'")
    expect(error.message).toContain('coredump, architecture, release, packages')
  })

  it.each(Object.keys(designMembers()))('answers 403 naming %s when it is missing', async (name) => {
    const { [name]: _, ...others } = designMembers()
    const error = await refused(test, tarOf(others))
    expect(error.code).toBe('missing-member')
    expect(error.message).toContain(`'${name}'`)
  })

  it.each(Object.keys(abrtMembers()))('answers 403 naming %s when the ABRT manifest lacks it', async (name) => {
    const { [name]: _, ...others } = abrtMembers()
    const error = await refused(test, tarOf(others), { manifest: 'abrt' })
    expect(error.code).toBe('missing-member')
    expect(error.message).toContain(name)
  })

  it('answers 403 to an archive without members', async () => {
    expect((await refused(test, Buffer.alloc(10_240))).code).toBe('missing-member')
    expect((await refused(test, makeTar([{ name: './', type: '5' }]))).code).toBe('missing-member')
  })

  it('escapes and cuts a name that came from the client', async () => {
    const name = `\u001b[31m${'x'.repeat(400)}`
    const error = await refused(test, gnuTar(test.folder, { [name.slice(0, 255)]: 'x' }))
    expect(error.message).toContain('\\x1b[31m')
    expect(error.message.length).toBeLessThan(500)
    expect(error.message).not.toContain('\u001b')
  })
})

/** The head of an ELF file that is no core: e_type 2 is a program. */
function elf(type: number): Buffer {
  const head = fakeCore()
  head.writeUInt16LE(type, 16)
  return head
}
