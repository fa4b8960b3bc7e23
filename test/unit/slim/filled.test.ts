/** A slim core, and the memory that it lacks, which comes later. */
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesSource } from '../../../src/elf/bytes_source.ts'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { filledCore } from '../../../src/slim/filled.ts'
import { type Slim, slimCore } from '../../../src/slim/slim.ts'
import { compile, crash, fixtureCore } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { slimBytes } from '../../helpers/slim.ts'

let folder: Folder
let full: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  folder = await temporaryFolder()
  full = new Uint8Array(readFileSync(fixtureCore('amd64', folder.path).core))
})
afterAll(async () => await folder[Symbol.asyncDispose]())

const STEP = 32

/** Bytes that a core has of its memory, by address: every 32nd. */
function memoryOf(core: Uint8Array): Map<bigint, number> {
  const source = bytesSource(new Uint8Array(core))
  const memory = new Map<bigint, number>()
  for (const { start, fileOffset, fileSize, leftOut } of readCore(source).segments) {
    const bytes = leftOut === true ? new Uint8Array() : source.read(Number(fileOffset), Number(fileSize))
    const first = Number(-start & BigInt(STEP - 1))
    for (let at = first; at < bytes.length; at += STEP) memory.set(start + BigInt(at), bytes[at] ?? 0)
  }
  return memory
}

function laid(slim: Slim, pages: Parameters<typeof filledCore>[1]): Uint8Array {
  const chunks = filledCore(bytesSource(new Uint8Array(slimBytes(slim))), pages)
  return chunks === undefined ? new Uint8Array() : Buffer.concat([...chunks])
}

function slimOf(): { slim: Slim; left: { start: bigint; end: bigint }[] } {
  const slim = slimCore(bytesSource(full), { budget: 0, keepsArguments: true, maker: 'test 1' })
  const left = readCore(bytesSource(new Uint8Array(slimBytes(slim)))).leftOut?.ranges ?? []
  return { slim, left: [...left] }
}

function pagesOf(slim: Slim, ranges: { start: bigint; end: bigint }[], most = 2 ** 26) {
  const asked = ranges.map(({ start, end }) => ({ start, length: Number(end - start) }))
  return slim.more(asked, most).map(({ start, bytes }) => ({ start: BigInt(start), bytes }))
}

describe('filledCore()', () => {
  it('has with all that was left out the memory of the full core, but for the environment', () => {
    const { slim, left } = slimOf()
    const core = laid(slim, pagesOf(slim, left))
    const [whole, filled] = [memoryOf(full), memoryOf(core)]
    const environment = [...whole.keys()].filter((address) => !filled.has(address))
    expect(environment.length * STEP).toBeLessThan(16_384)
    expect([...filled].every(([address, byte]) => whole.get(address) === byte)).toBe(true)
    const [before, after] = [readCore(bytesSource(full)), readCore(bytesSource(new Uint8Array(core)))]
    expect(after.threads).toEqual(before.threads)
    expect(Buffer.from(core).includes('HOME=')).toBe(false)
    // What is still left out is what was not sent.
    expect(after.leftOut?.ranges.reduce((sum, { start, end }) => sum + Number(end - start), 0)).toBeLessThan(16_384)
  })

  it('takes a page anywhere in what was left out, the same page twice to the same end, and nothing else', () => {
    const { slim, left } = slimOf()
    const range = left.find(({ start, end }) => end - start > 1000n) ?? { start: 0n, end: 0n }
    const piece = { start: range.start + 100n, end: range.start + 333n }
    const pages = pagesOf(slim, [piece])
    expect(pages).toHaveLength(1)
    const core = laid(slim, pages)
    expect(memoryOf(core).size).toBeGreaterThan(memoryOf(slimBytes(slim)).size)
    const again = filledCore(bytesSource(new Uint8Array(core)), pages) ?? []
    expect(Buffer.concat([...again]).equals(core)).toBe(true)
    const [kept] = readCore(bytesSource(new Uint8Array(slimBytes(slim)))).segments.filter(({ leftOut }) =>
      leftOut !== true
    )
    const forged = [{ start: kept?.start ?? 0n, bytes: Buffer.alloc(64, 7) }, {
      start: 8n,
      bytes: Buffer.alloc(8, 7),
    }]
    expect(memoryOf(laid(slim, forged.toReversed()))).toEqual(memoryOf(slimBytes(slim)))
  })

  it('knows a core that is not slim', () => {
    expect(filledCore(bytesSource(full), [])).toBeUndefined()
  })

  it('makes nothing larger than the core and what came, however often its segments claim the same bytes', () => {
    const { slim, left } = slimOf()
    const core = slimBytes(slim).slice()
    const view = new DataView(core.buffer)
    // All the memory of the core, once more for each of its segments.
    const count = view.getUint16(56, true)
    for (let at = 64; at < 64 + count * 56; at += 56) {
      if (view.getUint32(at, true) !== 1 || view.getBigUint64(at + 32, true) === 0n) continue
      view.setBigUint64(at + 8, 0n, true)
      view.setBigUint64(at + 32, BigInt(core.length), true)
    }
    const pages = pagesOf(slim, left.slice(0, 1))
    expect(pages).toHaveLength(1)
    let size = 0
    for (const chunk of filledCore(bytesSource(core), pages) ?? []) size += chunk.length
    expect(size).toBeLessThan(2 * core.length)
  })

  it('keeps memory beyond all addresses of programs, which the kernel has', () => {
    const { slim, left } = slimOf()
    const core = slimBytes(slim).slice()
    const view = new DataView(core.buffer)
    const last = 64 + (view.getUint16(56, true) - 1) * 56
    view.setBigUint64(last + 16, 0xffffffffff600000n, true)
    view.setBigUint64(last + 32, 0n, true)
    view.setBigUint64(last + 40, 4096n, true)
    const range = left.find(({ start, end }) => end - start > 1000n) ?? { start: 0n, end: 0n }
    const filled = Buffer.concat([...filledCore(bytesSource(core), pagesOf(slim, [range])) ?? []])
    expect(memoryOf(filled).has(range.start + 32n - range.start % 32n)).toBe(true)
    expect(readCore(bytesSource(new Uint8Array(filled))).segments.at(-1)?.start).toBe(0xffffffffff600000n)
  })
})

describe('what is sent of a slim core later', () => {
  it('is no more than what is allowed, and nothing where values are kept back', () => {
    const { slim, left } = slimOf()
    const some = pagesOf(slim, left, 5000)
    expect(some.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(5000)
    expect(pagesOf(slim, [{ start: 0n, end: 4096n }, { start: 2n ** 64n - 8n, end: 2n ** 64n + 8n }])).toEqual([])
    const masked = slimCore(bytesSource(full), { keepsArguments: false, keepsValues: false, maker: 'test 1' })
    expect(pagesOf(masked, left)).toEqual([])
  })

  it('is also what the memory asked for points to, link after link, where that is allowed, and once alone', () => {
    const source = `#include <stdio.h>
#include <stdlib.h>
struct node { char name[24]; struct node *next; char far[9000]; };
int main(void) {
  struct node *first = NULL;
  for (int at = 90; at >= 0; at--) {
    struct node *each = calloc(1, sizeof *each);
    sprintf(each->name, "node number %d.", at);
    each->next = first;
    first = each;
  }
  *(volatile int *)0 = first->far[0];
}
`
    const core = crash(folder.path, compile(folder.path, 'list.c', source, ['-O0', '-w']), [], {
      environment: { TOKEN_OF_TEST: 'secret of the environment' },
    })
    using file = fileSource(core)
    const slim = slimCore(file, { budget: 0, keepsArguments: true, maker: 'test 1' })
    const at = readFileSync(core).indexOf('node number 0.')
    const { segments } = readCore(file)
    const segment = segments.find(({ fileOffset, dumped }) =>
      at >= Number(fileOffset) && at < Number(fileOffset + dumped)
    )
    const ranges = [{ start: (segment?.start ?? 0n) + BigInt(at) - (segment?.fileOffset ?? 0n), length: 64 }]
    const within = [{ start: 4096n, length: 2 ** 52 }]
    const nodesIn = (pages: ReturnType<Slim['more']>) =>
      Buffer.concat(pages.map(({ bytes }) => bytes)).toString('latin1').match(/node number \d+\./g)?.length
    expect(nodesIn(slim.more(ranges, 2 ** 20))).toBe(1)
    expect(nodesIn(slim.more(ranges, 2 ** 20, [{ start: ranges[0]?.start ?? 0n, length: 20_000 }]))).toBeLessThan(5)
    const sent = slim.more(ranges, 2 ** 20, within)
    expect(nodesIn(sent)).toBe(91)
    const [bytes] = [Buffer.concat(sent.map((each) => each.bytes))]
    expect([bytes.length <= 2 ** 20, sent.length <= 1024]).toEqual([true, true])
    expect(bytes.includes('secret of the environment')).toBe(false)
    // What went before is not sent again, unless it is asked for.
    expect(nodesIn(slim.more(ranges, 2 ** 20, within))).toBe(1)
    const small = slimCore(file, { budget: 0, keepsArguments: true, maker: 'test 1' }).more(ranges, 10_000, within)
    expect(small.reduce((sum, each) => sum + each.bytes.length, 0)).toBeLessThanOrEqual(10_000)
    expect(nodesIn(small)).toBeGreaterThan(1)
  })

  it('is none of the environment, whatever is asked', () => {
    const core = crash(folder.path, '/usr/bin/python3.11', ['-c', 'import ctypes; ctypes.string_at(0)'], {
      environment: { TOKEN_OF_TEST: 'secret of the environment' },
    })
    using source = fileSource(core)
    expect(readFileSync(core).includes('TOKEN_OF_TEST=secret')).toBe(true)
    const slim = slimCore(source, { budget: 0, keepsArguments: true, maker: 'test 1' })
    const all = readCore(source).segments.map(({ start, memorySize }) => ({ start, end: start + memorySize }))
    const sent = Buffer.concat(pagesOf(slim, all).map(({ bytes }) => bytes))
    expect(sent.length).toBeGreaterThan(2 ** 20)
    expect(sent.includes('secret of the environment')).toBe(false)
  })
})
