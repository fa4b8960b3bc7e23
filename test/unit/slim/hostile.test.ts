/** Cores that no kernel writes, made slim: it ends, and what comes out is bounded. */
import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { ElfError } from '../../../src/elf/error.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import type { ByteSource } from '../../../src/elf/source.ts'
import { areasOf, PAGE, Pages } from '../../../src/slim/pages.ts'
import { runsOf } from '../../../src/slim/runs.ts'
import { slimCore } from '../../../src/slim/slim.ts'
import { type MadeSegment, makeCore, makeNote, numberBytes } from '../../helpers/patched_core.ts'

const OPTIONS = { keepsArguments: true, maker: 'test 1' }
const NT_FILE = 0x46494c45

/** prstatus of amd64 with a stack pointer and a thread pointer. */
function thread(sp: bigint, lwp = 1): Uint8Array {
  const status = new Uint8Array(336)
  status.set(numberBytes(BigInt(lwp), 4), 32)
  status.set(numberBytes(sp, 8), 112 + 19 * 8)
  status.set(numberBytes(sp, 8), 112 + 21 * 8)
  return makeNote('CORE', 1, status)
}

function words(...values: bigint[]): Uint8Array {
  return Buffer.concat(values.map((value) => numberBytes(value, 8)))
}

/** A core of such notes and segments, which lie behind one another. */
function made(notes: Uint8Array[], memory: { address: bigint; bytes: Uint8Array; size?: bigint; flags?: number }[]) {
  const note = Buffer.concat(notes)
  const head = 64 + (memory.length + 1) * 56
  let offset = head + note.length
  const segments: MadeSegment[] = [{ type: 4, offset: BigInt(head), fileSize: BigInt(note.length) }]
  for (const { address, bytes, size, flags = 6 } of memory) {
    const fileSize = BigInt(bytes.length)
    segments.push({ type: 1, flags, offset: BigInt(offset), address, fileSize, memorySize: size ?? fileSize })
    offset += bytes.length
  }
  return makeCore(segments, Buffer.concat([note, ...memory.map(({ bytes }) => bytes)]))
}

function slimmed(core: Uint8Array, source: ByteSource = bytesSource(core)): number {
  return [...slimCore(source, OPTIONS).bytes()].reduce((sum, each) => sum + each.length, 0)
}

describe('a slim core of a hostile one', () => {
  it('is small where mappings claim 2^60 bytes, or lie in one another', () => {
    const page = new Uint8Array(4096)
    const core = made([thread(0x10000n)], [
      { address: 0x10000n, bytes: page, size: 1n << 60n },
      { address: 0x10000n, bytes: page, size: 1n << 60n },
      { address: 0x10800n, bytes: page },
      { address: 1n << 62n, bytes: page, size: 1n << 60n },
    ])
    expect(slimmed(core)).toBeLessThan(20_000)
  })

  it('ends where sixty thousand mappings share the same bytes', () => {
    const count = 100_000
    const note = thread(0x1000_0000n)
    const at = 64 + (count + 1) * 56
    const segments: MadeSegment[] = [{ type: 4, offset: BigInt(at), fileSize: BigInt(note.length) }]
    for (let index = 0; index < count; index++) {
      segments.push({ type: 1, flags: 6, offset: 0n, address: BigInt(0x1000_0000 + index * 64), fileSize: BigInt(at) })
    }
    const core = makeCore(segments.slice(0, 60_000), Buffer.concat([new Uint8Array((count - 59_999) * 56), note]))
    expect(slimmed(core)).toBeLessThan(80_000_000)
  }, 60_000)

  it('ends where lists lead back to themselves', () => {
    const at = 0x10000n
    // Every word of the stack points to a word that points to itself.
    const memory = words(...Array.from({ length: 512 }, (_, index) => at + BigInt(8 * (index % 7))))
    expect(slimmed(made([thread(at)], [{ address: at, bytes: memory }]))).toBeLessThan(20_000)
  })

  it('ends where the list of files claims each of them everywhere', () => {
    const count = 20_000
    const entries = Array.from({ length: count }, () => [0n, 1n << 62n, 0n]).flat()
    const files = Buffer.concat([words(BigInt(count), 4096n, ...entries), Buffer.from('/x\0'.repeat(count))])
    const pieces = Array.from({ length: 3000 }, (_, index) => ({
      address: BigInt(0x100000 + index * 0x4000),
      bytes: new Uint8Array(4096).fill(1),
    }))
    const core = made([thread(0x100000n), makeNote('CORE', NT_FILE, files)], pieces)
    expect(() => slimmed(core)).toThrow(ElfError)
  }, 60_000)

  it('has no run that fills a gap of gigabytes', () => {
    const source: ByteSource = { size: 2 ** 42, read: (_, length) => new Uint8Array(length) }
    const areas = areasOf([{
      start: 4096n,
      memorySize: 1n << 41n,
      fileOffset: 0n,
      fileSize: 1n << 41n,
      dumped: 1n << 41n,
      flags: 6,
    }])
    const pages = new Pages(source, areas)
    for (let index = 0; index < 100; index++) pages.keep('pointed', 2 ** 32 * (index + 1), 2 ** 32 * (index + 1) + PAGE)
    const { kept } = runsOf(pages, 10)
    expect(kept.length).toBe(10)
    expect(kept.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(10 * PAGE)
    // And nobody keeps all of it.
    pages.keep('modules', 0, 2 ** 41)
    expect(pages.kept.size * PAGE).toBe(256 * 2 ** 20)
  })

  it('is none where the file becomes shorter while it is read: zeros would be wrong', () => {
    const core = made([thread(0x10000n)], [{ address: 0x10000n, bytes: new Uint8Array(8192).fill(7) }])
    let size = core.length
    const source: ByteSource = {
      size: core.length,
      read: (offset, length) => core.slice(offset, Math.max(offset, Math.min(size, offset + length))),
    }
    const slim = slimCore(source, OPTIONS)
    size = core.length - 4096
    expect(() => [...slim.bytes()]).toThrow('The core became shorter while it was read')
  })
})
