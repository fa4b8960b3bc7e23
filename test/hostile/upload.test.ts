/**
 * Uploads made to hurt: each is refused with its reason, quickly, in flat memory, and leaves nothing behind.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuUsage, memoryUsage, pid } from 'node:process'
import { createGzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeTask } from '../../src/spool/removal.ts'
import { decode } from '../../src/decoder/decode.ts'
import { decoderSandbox } from '../../src/decoder/decoder.ts'
import {
  designMembers,
  fakeCore,
  gnuTarOf,
  inPieces,
  makeMember,
  makeTar,
  MIB,
  pack,
  paxHeader,
  type TestSpool,
  testSpool,
} from '../helpers/archives.ts'
import { eventually } from '../helpers/task.ts'
import { refused, upload } from '../helpers/uploads.ts'

let test: TestSpool

beforeAll(async () => {
  test = await testSpool({ RETRACE_MAX_UNPACKED_MB: '20' })
})
afterAll(() => test[Symbol.asyncDispose]())

/** What an attempt adds to this process at its highest, in MiB, sampled while it runs, and its seconds of processor. */
async function cost(attempt: () => Promise<unknown>): Promise<{ mib: number; seconds: number }> {
  const before = memoryUsage().rss
  let peak = before
  const timer = setInterval(() => peak = Math.max(peak, memoryUsage().rss), 10)
  const begin = cpuUsage()
  await attempt().finally(() => clearInterval(timer))
  const { user, system } = cpuUsage(begin)
  return { mib: (Math.max(peak, memoryUsage().rss) - before) / MIB, seconds: (user + system) / 1_000_000 }
}

/** `count` copies of a block, without holding them. */
async function* repeated(block: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  for (let round = 0; round < count; round++) yield block
}

async function* chain(...parts: AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part
}

describe('an archive that unpacks to far more than it is', () => {
  it('refuses with 413 an archive of 4.5 KB of xz that makes 30 MB', async () => {
    const bomb = pack('xz', makeTar([{ name: 'coredump', content: Buffer.alloc(30 * MIB) }]), ['-9'])
    expect(bomb.length).toBeLessThan(6000)
    expect((await refused(test, bomb, { encoding: 'xz' })).code).toBe('unpacked-too-large')
    const bare = pack('xz', Buffer.concat([fakeCore(), Buffer.alloc(30 * MIB)]), ['-9'])
    expect((await refused(test, bare, { encoding: 'xz', manifest: 'bare' })).code).toBe('unpacked-too-large')
  })

  it.each(['gnu', 'posix'])('refuses with 413 a sparse tar of 10 KB that makes 20 GB (%s)', async (format) => {
    const folder = mkdtempSync(join(test.folder, 'sparse-'))
    for (const [name, content] of Object.entries(designMembers())) writeFileSync(join(folder, name), content)
    execFileSync('truncate', ['--size=20G', join(folder, 'coredump')])
    const tar = gnuTarOf(folder, ['coredump', 'architecture', 'release', 'packages'], ['-S', `--format=${format}`])
    const { mib, seconds } = await cost(async () => {
      expect((await refused(test, tar)).code).toBe('unpacked-too-large')
    })
    expect(seconds).toBeLessThan(2)
    expect(mib).toBeLessThan(50)
  })

  it.each(['gzip', 'xz', 'zstd'] as const)(
    'refuses gigabytes of zeros packed by %s in flat memory',
    async (encoding) => {
      const [first, ...rest] = [pack(encoding, fakeCore()), pack(encoding, Buffer.alloc(512 * MIB), ['-1'])]
      const body = Buffer.concat([first!, ...rest, ...rest, ...rest, ...rest])
      const { mib } = await cost(async () => {
        expect((await refused(test, body, { encoding, manifest: 'bare' })).code).toBe('unpacked-too-large')
      })
      expect(mib).toBeLessThan(100)
    },
  )

  it('refuses an archive that is one empty gzip member after the other', async () => {
    const body = Buffer.concat(Array.from({ length: 100_000 }, () => EMPTY_GZIP))
    const { mib, seconds } = await cost(async () => {
      expect((await refused(test, body, { encoding: 'gzip' })).code).toBe('bad-stream')
    })
    expect(mib).toBeLessThan(200)
    expect(seconds).toBeLessThan(60)
  })
})

const EMPTY_GZIP = Buffer.from('1f8b080000000000000303000000000000000000', 'hex')

describe('an archive of many or endless headers', () => {
  it('refuses an archive of 100,000 unknown members at the first of them', async () => {
    const members = chain(inPieces(makeMember({ name: 'a' })), repeated(makeMember({ name: 'b' }), 100_000))
    const { seconds } = await cost(async () => expect((await refused(test, members)).code).toBe('unknown-member'))
    expect(seconds).toBeLessThan(2)
  })

  it('refuses an archive that enters its own directory 100,000 times', async () => {
    const tops = repeated(makeMember({ name: './', type: '5' }), 100_000)
    const { mib } = await cost(async () => expect((await refused(test, tops)).code).toBe('unpacked-too-large'))
    expect(mib).toBeLessThan(50)
  })

  it.each(['x', 'g', 'L', 'K', 'X'])(
    'refuses a header of type %s that announces 1 GB, before any of it has come',
    async (type) => {
      const header = makeMember({ name: 'h', type, size: 2 ** 30 })
      const endless = chain(inPieces(header), repeated(Buffer.alloc(65_536, 'x'), 16_384))
      const { mib, seconds } = await cost(async () => expect((await refused(test, endless)).code).toBe('bad-stream'))
      expect(mib).toBeLessThan(50)
      expect(seconds).toBeLessThan(2)
    },
  )

  it('refuses an archive whose small extended headers never end', async () => {
    const header = makeMember(paxHeader([['comment', 'x'.repeat(400)]]))
    const { mib } = await cost(async () => {
      expect((await refused(test, repeated(header, 100_000))).code).toBe('unpacked-too-large')
    })
    expect(mib).toBeLessThan(80)
  })

  it('refuses an extended header that holds millions of records', async () => {
    const record = Buffer.from('6 a=b\n')
    const content = Buffer.alloc(8 * MIB - 2)
    for (let at = 0; at < content.length; at += record.length) record.copy(content, at)
    const { seconds } = await cost(async () => {
      expect((await refused(test, makeTar([{ name: 'h', type: 'x', content }]))).code).toBe('bad-stream')
    })
    expect(seconds).toBeLessThan(10)
  })

  it('refuses a sparse core whose map has millions of parts', async () => {
    const map = Array.from({ length: 900_000 }, (_, index) => `${index * 2},1`).join(',').slice(0, 8 * MIB - 100)
    const pax = paxHeader([['GNU.sparse.size', '9000000'], ['GNU.sparse.map', map]])
    const { mib } = await cost(async () => {
      expect((await refused(test, makeTar([pax, { name: 'coredump' }]))).code).toBe('bad-stream')
    })
    expect(mib).toBeLessThan(300)
  })

  it('refuses an old sparse header whose extensions never end', async () => {
    const extension = Buffer.alloc(512)
    const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
    let offset = 0
    const fill = () => {
      for (let part = 0; part < 21; part++) extension.write(octal(offset += 2) + octal(1), part * 24)
      extension[504] = 1
      return Buffer.from(extension)
    }
    async function* extensions() {
      const patch = { offset: 482, bytes: Buffer.from(`\u0001${octal(8 * MIB)}`) }
      yield makeMember({ name: 'coredump', type: 'S', magic: 'ustar  \0', patch })
      for (;;) {
        await Promise.resolve()
        yield fill()
      }
    }
    const { mib } = await cost(async () => expect((await refused(test, extensions())).code).toBe('bad-stream'))
    expect(mib).toBeLessThan(100)
  })
})

describe('an archive of names and entries that lead elsewhere', () => {
  it.each([
    '/etc/cron.d/x',
    '../../../../etc/passwd',
    './../x',
    'coredump/../../x',
    'C:\\x\\..\\y/..',
    `${'a/'.repeat(40)}b`,
    'coredump\n/x',
    '..',
    '',
  ])('refuses a member named %j with 403 and writes nothing', async (name) => {
    const before = readdirSync(test.folder)
    const error = await refused(test, makeTar([{ name, content: 'x' }]))
    expect(error.code).toBe('bad-member')
    expect(readdirSync(test.folder)).toEqual(before)
  })

  it('refuses a member that would be written through a link', async () => {
    const link = { name: 'release', type: '2', linkName: join(test.folder, 'target') }
    const error = await refused(test, makeTar([link, { name: 'release', content: 'debian 12' }]))
    expect(error.code).toBe('bad-member')
    expect(readdirSync(test.folder)).not.toContain('target')
  })
})

describe('a decoder', () => {
  it('a decoder is killed with its sandbox when its reader stops', async () => {
    const packed = pack('xz', randomBytes(4 * MIB), ['-0'])
    const chunks = decode(inPieces(packed), decoderSandbox('xz'))
    expect((await chunks.next()).value?.length).toBeGreaterThan(0)
    expect(decoders().length).toBeGreaterThan(0)
    await chunks.return(undefined)
    await eventually(() => decoders().length === 0)
    expect(decoders()).toEqual([])
  })

  it('fails as itself, not as the upload, when it cannot be started', async () => {
    const chunks = decode(inPieces(pack('xz', fakeCore())), decoderSandbox('xz', '/nowhere/xz'))
    await expect(chunks.next()).rejects.toThrow('The sandbox of xz does not work')
  })

  /** Children of this process that run xz in a sandbox. */
  function decoders(): string[] {
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).filter((name) => {
      try {
        const parent = Number(/^PPid:\s+([0-9]+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1])
        return parent === pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('--format=xz')
      } catch {
        return false
      }
    })
  }
})

describe('many uploads at once', () => {
  it('take flat memory, whatever they unpack to', async () => {
    const gzip = createGzip({ level: 1 })
    gzip.end(Buffer.concat([fakeCore(), randomBytes(2 * MIB), Buffer.alloc(16 * MIB)]))
    const parts: Uint8Array[] = []
    for await (const part of gzip) parts.push(part)
    const body = Buffer.concat(parts)
    const { mib } = await cost(async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, () => upload(test, body, { encoding: 'gzip', manifest: 'bare' })),
      )
      await Promise.all(all.map(({ task }) => removeTask(task)))
    })
    expect(mib).toBeLessThan(400)
  })
})
