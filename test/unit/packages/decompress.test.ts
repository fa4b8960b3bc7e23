/** Indices unpacked, by the decoders of uploads: real programs, in their sandbox. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { pid } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compression, decompressed } from '../../../src/packages/open/decompress.ts'
import { processTree } from '../../../src/process/memory.ts'
import { procText } from '../../../src/process/proc.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

const PACKERS: Record<Compression, [string, ...string[]]> = {
  xz: ['xz', '-c'],
  zst: ['zstd', '-cq'],
  lz4: ['lz4', '-cq'],
  bz2: ['bzip2', '-c'],
  lzma: ['xz', '--format=lzma', '-c'],
  gz: ['gzip', '-c'],
  none: ['cat'],
}
const ALL = Object.keys(PACKERS) as Compression[]
const PACKED = ALL.filter((each) => each !== 'none')

/** A part of it can be packed, a part cannot: the unpacked text is larger than any buffer on its way. */
const TEXT = Buffer.concat([randomBytes(1 << 20), Buffer.alloc(2 << 20, 'Package: bash\n')])

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

const packed = new Map<string, Buffer>()
let count = 0

function pack(compression: Compression, options: string[] = []): string {
  const [program, ...args] = PACKERS[compression]
  const words = [...args, ...options]
  const bytes = packed.get(`${program} ${words}`) ?? execFileSync(program, words, { input: TEXT, maxBuffer: 1 << 26 })
  packed.set(`${program} ${words}`, bytes)
  const file = folder.file(`${count++}.${compression}`)
  writeFileSync(file, bytes)
  return file
}

async function unpack(
  file: string,
  compression: Compression,
  { maxSize = 1 << 30, signal = new AbortController().signal } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of decompressed(file, { compression, maxSize, signal })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Sandboxes of this process, by their command lines: other tests have theirs. */
function sandboxes(): string[] {
  return processTree(pid).map((each) => procText(`${each}/cmdline`).replaceAll('\0', ' '))
    .filter((line) => line.startsWith('bwrap ') && /--(decompress|stdout)/.test(line))
}

describe('decompressed()', () => {
  it.each(ALL)('gives the text of an index packed as %s, whole', async (compression) => {
    expect((await unpack(pack(compression), compression)).equals(TEXT)).toBe(true)
  })

  it.each(PACKED)('refuses a %s index that is cut, or has other bytes in it', async (compression) => {
    const file = pack(compression)
    const whole = readFileSync(file)
    const middle = whole.length >> 1
    writeFileSync(file, whole.subarray(0, middle))
    await expect(unpack(file, compression)).rejects.toMatchObject({ name: 'FetchError', kind: 'malformed' })
    whole.fill(0x55, middle, middle + 10_000)
    writeFileSync(file, whole)
    await expect(unpack(file, compression)).rejects.toMatchObject({ name: 'FetchError', kind: 'malformed' })
    writeFileSync(file, TEXT)
    await expect(unpack(file, compression)).rejects.toMatchObject({ name: 'FetchError', kind: 'malformed' })
  })

  it.each(ALL)('stops at the size that the description says, packed as %s', async (compression) => {
    const options = { maxSize: TEXT.length - 1 }
    await expect(unpack(pack(compression), compression, options)).rejects.toThrow(/unpacks to more than \d+ bytes/)
    expect((await unpack(pack(compression), compression, { maxSize: TEXT.length })).length).toBe(TEXT.length)
  })

  it('says that a file is not there', async () => {
    await expect(unpack(folder.file('nothing.xz'), 'xz')).rejects.toMatchObject({ name: 'FetchError' })
  })

  it('refuses an index that wants more memory than a decoder has', async () => {
    const file = pack('zst', ['--long=28', '-1'])
    await expect(unpack(file, 'zst')).rejects.toThrow(/zstd failed .*memory/s)
  })

  it.each(['xz', 'zst', 'bz2'] as const)(
    'runs the decoder of %s in a sandbox, and ends it with its reader',
    async (each) => {
      const before = sandboxes().length
      const chunks = decompressed(pack(each), {
        compression: each,
        maxSize: 1 << 30,
        signal: AbortSignal.timeout(60_000),
      })
      await chunks.next()
      expect(sandboxes().length).toBeGreaterThan(before)
      await chunks.return(undefined)
      await expect.poll(() => sandboxes().length).toBeLessThanOrEqual(before)
    },
  )

  it('ends the decoder when its caller gives up', async () => {
    const stop = new AbortController()
    const chunks = decompressed(pack('xz'), { compression: 'xz', maxSize: 1 << 30, signal: stop.signal })
    await chunks.next()
    stop.abort()
    await expect((async () => {
      for await (const _ of chunks);
    })()).rejects.toMatchObject({ name: 'FetchError', kind: 'timeout' })
  })
})
