import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readManifest } from '../../../src/task/manifest.ts'
import { failureOf } from '../../../src/http/failure.ts'
import { ProgramError } from '../../../src/process/error.ts'
import { findProgram } from '../../../src/process/search_path.ts'
import {
  abrtMembers,
  designMembers,
  fakeCore,
  gnuTar,
  gnuTarOf,
  makeTar,
  MIB,
  pack,
  paxHeader,
  tarOf,
  type TestSpool,
  testSpool,
} from '../../helpers/archives.ts'
import { coreOnDisk, filesOf, refused, upload } from '../../helpers/uploads.ts'

let test: TestSpool

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '40', RETRACE_MAX_FILE_KB: '10' })
})
afterAll(() => test[Symbol.asyncDispose]())

describe('receive(), what is legal', () => {
  it('keeps every member of the design manifest as it was sent', async () => {
    const members = designMembers(fakeCore(100_000))
    const accepted = await upload(test, tarOf(members))
    const files = filesOf(accepted)
    for (const [name, content] of Object.entries(members)) expect(files[name]).toEqual(Buffer.from(content))
    expect(Object.keys(files)).toEqual([
      'architecture',
      'coredump',
      'created',
      'manifest',
      'packages',
      'password',
      'release',
    ])
    expect(files.manifest?.toString()).toBe('design\n')
  })

  it.each(['gnu', 'oldgnu', 'pax', 'ustar', 'v7'])('reads what GNU tar writes with --format=%s', async (format) => {
    const members = designMembers(Buffer.concat([fakeCore(), randomBytes(77_777)]))
    const accepted = await upload(test, gnuTar(test.folder, members, [`--format=${format}`]))
    expect(filesOf(accepted).coredump?.equals(Buffer.from(members.coredump!))).toBe(true)
  })

  it('reads an archive of `.`, with its ./ entry and leading ./ in the names', async () => {
    const source = mkdtempSync(join(test.folder, 'dot-'))
    for (const [name, content] of Object.entries(designMembers())) writeFileSync(join(source, name), content)
    const accepted = await upload(test, gnuTarOf(source, ['.']))
    expect(filesOf(accepted).coredump).toEqual(fakeCore())
  })

  it.each(
    [
      ['ABRT', { ...abrtMembers(), rootdir: '/var/lib/x', os_release_in_rootdir: 'Fedora release 39 (Thirty Nine)' }],
      ['ABRT with release', { coredump: fakeCore(), executable: '/bin/x', package: 'x-1-2', release: 'fedora-40' }],
      ['ABRT with all', { ...abrtMembers(), architecture: 'x86_64', packages: 'bash-5.2-1' }],
    ] as const,
  )('takes the manifest of %s', async (_, members) => {
    const accepted = await upload(test, tarOf(members), { manifest: 'abrt' })
    expect(readManifest(accepted.task).kind).toBe('abrt')
    expect(filesOf(accepted).coredump).toEqual(fakeCore())
  })

  it('takes an empty core in an archive: the task says what is wrong with it', async () => {
    const accepted = await upload(test, tarOf({ ...designMembers(), coredump: '' }))
    expect(filesOf(accepted).coredump?.length).toBe(0)
  })

  it('takes a text as the core of an archive: the task says what is wrong with it', async () => {
    const accepted = await upload(test, tarOf({ ...designMembers(), coredump: 'no core' }))
    expect(filesOf(accepted).coredump?.toString()).toBe('no core')
  })

  it('reads an archive without its two blocks of zeros', async () => {
    const members = Object.entries(designMembers()).map(([name, content]) => ({ name, content }))
    for (const end of [0, 512, 700, 10_240]) {
      const accepted = await upload(test, makeTar(members, Buffer.alloc(end)))
      expect(filesOf(accepted).coredump).toEqual(fakeCore())
    }
  })

  it('reads sizes in base-256', async () => {
    const core = fakeCore(9000)
    const size = Buffer.alloc(12)
    size[0] = 0x80
    size.writeUInt32BE(9000, 8)
    const members = Object.entries(designMembers(core)).map(([name, content]) => ({
      name,
      content,
      ...(name === 'coredump' && { size }),
    }))
    expect(filesOf(await upload(test, makeTar(members))).coredump).toEqual(core)
  })

  it('reads names and sizes from PAX headers, global ones too, and from GNU long names', async () => {
    const core = fakeCore(3000)
    const rest = Object.entries(designMembers()).filter(([name]) => name !== 'coredump')
      .map(([name, content]) => ({ name, content }))
    const pax = paxHeader([['comment', 'x'.repeat(3000)], ['path', './coredump'], ['size', '3000'], ['mtime', '1.5']])
    const archives = [
      [pax, { name: 'y'.repeat(100), content: core, size: 0 }, ...rest],
      [paxHeader([['comment', 'of all']], 'g'), { name: 'coredump', content: core }, ...rest],
      [{ name: '././@LongLink', type: 'L', content: 'coredump\0' }, { name: 'other', content: core }, ...rest],
      [{ name: '././@LongLink', type: 'K', content: 'target\0' }, { name: 'coredump', content: core }, ...rest],
    ]
    for (const members of archives) expect(filesOf(await upload(test, makeTar(members))).coredump).toEqual(core)
  })

  it('takes a bare core, 32 bits or 64, of both byte orders', async () => {
    for (const [fileClass, order] of [[1, 1], [1, 2], [2, 1], [2, 2]] as const) {
      const core = fakeCore(5000)
      core[4] = fileClass
      core[5] = order
      core.fill(0, 16, 18)
      core[order === 1 ? 16 : 17] = 4
      const accepted = await upload(test, core, { manifest: 'bare', pieces: 7 })
      expect(filesOf(accepted).coredump).toEqual(core)
      expect(filesOf(accepted).manifest?.toString()).toBe('bare\n')
    }
  })
})

describe('receive(), packed', () => {
  const core = Buffer.concat([fakeCore(3 * MIB), randomBytes(200_000), Buffer.alloc(3 * MIB)])
  const variants: [string, 'xz' | 'gzip' | 'zstd', string[]][] = [
    ['xz -2', 'xz', ['-2']],
    ['xz -9e', 'xz', ['-9e']],
    ['xz with sha256', 'xz', ['--check=sha256']],
    ['xz in blocks', 'xz', ['--block-size=1MiB', '-1']],
    ['gzip', 'gzip', []],
    ['gzip -1', 'gzip', ['-1']],
    ['zstd', 'zstd', []],
    ['zstd -19 --long=27', 'zstd', ['-19', '--long=27']],
  ]

  it.each(variants)('unpacks an archive made by %s', async (_, encoding, options) => {
    const tar = tarOf(designMembers(core))
    const accepted = await upload(test, pack(encoding, tar, options), { encoding })
    expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
  })

  it.each(variants)('unpacks a bare core made by %s', async (_, encoding, options) => {
    const accepted = await upload(test, pack(encoding, core, options), { encoding, manifest: 'bare' })
    expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
  })

  it('leaves runs of zeros as holes whatever form they came in', async () => {
    const holey = Buffer.concat([fakeCore(8192), Buffer.alloc(8 * MIB), fakeCore(4096), Buffer.alloc(12 * MIB)])
    const attempts = [
      upload(test, holey, { manifest: 'bare' }),
      upload(test, pack('xz', holey, ['-0']), { manifest: 'bare', encoding: 'xz' }),
      upload(test, pack('gzip', tarOf(designMembers(holey))), { encoding: 'gzip', pieces: 999 }),
      upload(test, gnuTar(test.folder, designMembers(holey), ['-S'])),
    ]
    for (const accepted of await Promise.all(attempts)) {
      expect(filesOf(accepted).coredump?.equals(holey)).toBe(true)
      expect(coreOnDisk(accepted)).toBeLessThanOrEqual(12 * 1024)
    }
  })

  const xzPrograms = [
    ['the xz program', { xz: findProgram('xz') }],
    ['lzma-native', { xz: undefined }],
  ] as const

  describe.each(xzPrograms)('xz by %s', (_, programs) => {
    const tar = tarOf(designMembers(core))
    const [first, second] = [tar.subarray(0, 1_000_001), tar.subarray(1_000_001)]

    it('takes one stream, in pieces of any size', async () => {
      for (const pieces of [511, 65_536, 10 * MIB]) {
        const accepted = await upload(test, pack('xz', tar, ['-0']), { encoding: 'xz', programs, pieces })
        expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
      }
    })

    it('takes several streams with padding between and after them', async () => {
      for (const padding of [0, 4, 4096]) {
        const zeros = Buffer.alloc(padding)
        const body = Buffer.concat([pack('xz', first, ['-0']), zeros, pack('xz', second, ['-0']), zeros])
        for (const pieces of [1000, 65_536]) {
          const accepted = await upload(test, body, { encoding: 'xz', programs, pieces })
          expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
        }
      }
    })

    it.each([
      ['bytes after its end', (xz: Buffer) => Buffer.concat([xz, Buffer.from('garbage!')])],
      ['padding that is no multiple of four', (xz: Buffer) => Buffer.concat([xz, Buffer.alloc(5)])],
      ['an early end', (xz: Buffer) => xz.subarray(0, -1)],
      ['an early end in the middle', (xz: Buffer) => xz.subarray(0, xz.length / 2)],
      ['a damaged block', (xz: Buffer) => Buffer.concat([xz.subarray(0, 5000), Buffer.from('!!'), xz.subarray(5002)])],
    ])('answers 400 to a stream with %s', async (_, damage) => {
      const error = await refused(test, damage(pack('xz', tar, ['-0'])), { encoding: 'xz', programs })
      expect(error.code).toBe('bad-stream')
      expect(error.message).toMatch(/^The body does not decompress as xz: [^/]+$/)
    })

    it('answers 400 to a stream that needs more memory than is allowed', async () => {
      const body = pack('xz', fakeCore(), ['--lzma2=dict=512MiB'])
      expect((await refused(test, body, { encoding: 'xz', manifest: 'bare', programs })).code).toBe('bad-stream')
    })
  })
})

describe('receive(), gzip', () => {
  const core = Buffer.concat([fakeCore(), randomBytes(9000)])
  const tar = tarOf(designMembers(core))

  it('takes joined members, wherever the body is cut', async () => {
    const body = Buffer.concat([
      pack('gzip', tar.subarray(0, 10_000)),
      pack('gzip', Buffer.alloc(0)),
      pack('gzip', tar.subarray(10_000), ['-1']),
    ])
    for (const pieces of [1, 100, MIB]) {
      const accepted = await upload(test, body, { encoding: 'gzip', pieces })
      expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
    }
  })

  it('takes zeros after the last member as padding', async () => {
    for (const pieces of [1000, MIB]) {
      const body = Buffer.concat([pack('gzip', tar), Buffer.alloc(3000)])
      expect((await upload(test, body, { encoding: 'gzip', pieces })).id).toMatch(/^[0-9]+$/)
    }
  })

  it('reads a header with name, comment, extra field and check', async () => {
    const plain = pack('gzip', tar, ['-n'])
    const header = Buffer.from([0x1f, 0x8b, 8, 0x1f, 0, 0, 0, 0, 0, 3])
    const fields = Buffer.concat([
      Buffer.from([3, 0]),
      Buffer.from('abc'),
      Buffer.from('name\0comment\0'),
      Buffer.alloc(2),
    ])
    const body = Buffer.concat([header, fields, plain.subarray(10)])
    for (const pieces of [1, MIB]) {
      expect((await upload(test, body.subarray(), { encoding: 'gzip', pieces })).id).toMatch(/^[0-9]+$/)
    }
  })

  it.each([
    ['bytes after its end', (gz: Buffer) => Buffer.concat([gz, Buffer.from('garbage')]), /after the end/],
    ['zeros and then a member', (gz: Buffer) => Buffer.concat([gz, Buffer.alloc(9), gz]), /after the end/],
    ['an early end', (gz: Buffer) => gz.subarray(0, -1), /ends early/],
    ['an early end in the middle', (gz: Buffer) => gz.subarray(0, gz.length / 2), /ends early/],
    ['a wrong check', (gz: Buffer) => damaged(gz, gz.length - 8), /check does not match/],
    ['a wrong length', (gz: Buffer) => damaged(gz, gz.length - 1), /check does not match/],
    ['damaged data', (gz: Buffer) => damaged(damaged(gz, 2000), 2001), /./],
    ['another method', (gz: Buffer) => damaged(gz, 2), /not known/],
  ])('answers 400 to a stream with %s', async (_, damage, reason) => {
    const error = await refused(test, damage(pack('gzip', tar)), { encoding: 'gzip' })
    expect(error.code).toBe('bad-stream')
    expect(error.message).toMatch(reason)
  })
})

describe('receive(), zstd', () => {
  const core = Buffer.concat([fakeCore(), randomBytes(300_000)])
  const tar = tarOf(designMembers(core))

  it('takes joined and skippable frames', async () => {
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    const body = Buffer.concat([
      skippable,
      pack('zstd', tar.subarray(0, 99)),
      pack('zstd', tar.subarray(99)),
      skippable,
    ])
    const accepted = await upload(test, body, { encoding: 'zstd' })
    expect(filesOf(accepted).coredump?.equals(core)).toBe(true)
  })

  it.each([
    ['bytes after its end', (zstd: Buffer) => Buffer.concat([zstd, Buffer.from('garbage')])],
    ['an early end', (zstd: Buffer) => zstd.subarray(0, -1)],
    ['a damaged block', (zstd: Buffer) => damaged(zstd, 20_000)],
    ['another format, which zstd would read', () => pack('gzip', tar)],
  ])('answers 400 to a stream with %s', async (_, damage) => {
    const error = await refused(test, damage(pack('zstd', tar)), { encoding: 'zstd' })
    expect(error.code).toBe('bad-stream')
    expect(error.message).toMatch(
      /^The body (does not decompress as|is not) zstd: (?:[^/]+|it is gzip: send it with .*)$/,
    )
  })
})

function damaged(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 0xff
  return copy
}

describe('receive(), where a decoder is broken', () => {
  const kinds = ['xz', 'zstd'] as const
  // They fail, end well in silence, say something else, and never end.
  const programs = ['false', 'true', 'echo', 'yes'].map((name) => findProgram(name))
  const cases = kinds.flatMap((kind) => programs.map((path) => [kind, path] as const))

  it.each(cases)('blames the server, whatever was sent: %s is %s', async (kind, path) => {
    const broken = { xz: path, zstd: path }
    const before = test.names()
    for (const [body, manifest] of [[tarOf(designMembers()), 'design'], [fakeCore(), 'bare']] as const) {
      await expect(upload(test, pack(kind, body), { manifest, encoding: kind, programs: broken })).rejects
        .toMatchObject({
          name: 'ProgramError',
          kind: 'not-started',
          message: expect.stringMatching(/does not work/),
        })
    }
    const packedMember = tarOf({ ...designMembers(), coredump: pack(kind, fakeCore()) })
    if (path === findProgram('false') || path === findProgram('true')) {
      await expect(upload(test, packedMember, { programs: broken })).rejects.toMatchObject({ kind: 'not-started' })
    }
    expect(test.names()).toEqual(before)
  })

  it.each(kinds)('blames the client where it works: %s', async (kind) => {
    const damaged = Buffer.from(pack(kind, tarOf(designMembers())))
    damaged.fill(0x55, 12)
    expect((await refused(test, damaged, { encoding: kind })).code).toBe('bad-stream')
    expect((await refused(test, pack(kind, Buffer.from('no tar')), { encoding: kind })).code).toBe('bad-stream')
  })
})

it('failureOf() makes a program that was killed, or does not end, the fault of the server', () => {
  for (const kind of ['not-started', 'killed', 'timeout', 'not-ended'] as const) {
    expect(failureOf(new ProgramError(kind, 'x')).code).toBe('not-equipped')
  }
})
