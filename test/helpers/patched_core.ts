/**
 * Cores that no kernel writes: a real one with some bytes changed, or cut, without a copy; and small ones from nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { ByteSource } from '../../src/elf/source.ts'

export interface Patch {
  offset: number
  bytes: Uint8Array
}

/** `base` with other bytes at some places, cut (or filled up with zeros) to `size`. */
export function patched(base: Uint8Array, patches: readonly Patch[], size = base.length): ByteSource {
  return {
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset))
      const bytes = new Uint8Array(wanted)
      bytes.set(base.subarray(offset, offset + wanted))
      for (const patch of patches) {
        const from = Math.max(offset, patch.offset)
        const to = Math.min(offset + wanted, patch.offset + patch.bytes.length)
        if (from < to) bytes.set(patch.bytes.subarray(from - patch.offset, to - patch.offset), from - offset)
      }
      return bytes
    },
  }
}

/** A number in the byte order of a file, cut to `width` bytes. */
export function numberBytes(value: bigint, width: 1 | 2 | 4 | 8, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(
    0,
    BigInt.asUintN(64, littleEndian ? value : value << BigInt(64 - 8 * width)),
    littleEndian,
  )
  return bytes.slice(0, width)
}

/** One program header of a core that is made here; everything in bytes. */
export interface MadeSegment {
  type: number
  flags?: number
  offset: bigint
  address?: bigint
  fileSize: bigint
  memorySize?: bigint
}

/** An ELF core from nothing: header, program headers, then `rest`. `count` is what e_phnum says. */
export function makeCore(
  segments: readonly MadeSegment[],
  rest: Uint8Array,
  options: { class?: 32 | 64; littleEndian?: boolean; machine?: number; count?: number; sectionOffset?: bigint } = {},
): Uint8Array {
  const { class: elfClass = 64, littleEndian = true, machine = 62, count = segments.length, sectionOffset = 0n } =
    options
  const wide = elfClass === 64
  const [headerSize, programSize, word] = wide ? [64, 56, 8 as const] : [52, 32, 4 as const]
  const bytes = new Uint8Array(headerSize + segments.length * programSize + rest.length)
  const put = (offset: number, value: bigint | number, width: 1 | 2 | 4 | 8) =>
    bytes.set(numberBytes(BigInt(value), width, littleEndian), offset)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1])
  put(16, 4, 2)
  put(18, machine, 2)
  put(wide ? 32 : 28, headerSize, word)
  put(wide ? 40 : 32, sectionOffset, word)
  put(wide ? 54 : 42, programSize, 2)
  put(wide ? 56 : 44, count, 2)
  put(wide ? 58 : 46, wide ? 64 : 40, 2)
  segments.forEach((segment, index) => {
    const at = headerSize + index * programSize
    put(at, segment.type, 4)
    put(at + (wide ? 4 : 24), segment.flags ?? 4, 4)
    put(at + (wide ? 8 : 4), segment.offset, word)
    put(at + (wide ? 16 : 8), segment.address ?? 0n, word)
    put(at + (wide ? 32 : 16), segment.fileSize, word)
    put(at + (wide ? 40 : 20), segment.memorySize ?? segment.fileSize, word)
  })
  bytes.set(rest, headerSize + segments.length * programSize)
  return bytes
}

/** A note as cores have them: padded to 4. */
export function makeNote(owner: string, type: number, descriptor: Uint8Array, littleEndian = true): Uint8Array {
  const name = new TextEncoder().encode(`${owner}\0`)
  const start = 12 + Math.ceil(name.length / 4) * 4
  const bytes = new Uint8Array(start + Math.ceil(descriptor.length / 4) * 4)
  bytes.set(numberBytes(BigInt(name.length), 4, littleEndian), 0)
  bytes.set(numberBytes(BigInt(descriptor.length), 4, littleEndian), 4)
  bytes.set(numberBytes(BigInt(type), 4, littleEndian), 8)
  bytes.set(name, 12)
  bytes.set(descriptor, start)
  return bytes
}

/** Writes another value for an entry of NT_AUXV into a core's bytes; its present value tells the place. */
export function patchAuxv(
  core: Uint8Array,
  { type, from, to }: { type: number; from: bigint; to: bigint },
  encoding: { class: 32 | 64; littleEndian: boolean },
): void {
  const word = encoding.class === 64 ? 8 : 4
  const entry = (value: bigint) => [
    ...numberBytes(BigInt(type), word, encoding.littleEndian),
    ...numberBytes(value, word, encoding.littleEndian),
  ]
  const wanted = entry(from)
  for (let at = 0; at < 65_536; at += 4) {
    if (wanted.every((byte, index) => core[at + index] === byte)) return core.set(entry(to), at)
  }
  throw new Error(`The core has no entry ${type} with the value ${from} in its auxiliary vector`)
}

/**
 * A little-endian core of class 64 with `count` more mappings, none of which was dumped, and its program headers at the
 * end of the file: what the kernel writes when there are over 65,535 (PN_XNUM). `first`: before all others; `offset`: where
 * they claim to lie, and `bytes`: how many bytes they claim there.
 */
export function withMoreSegments(
  core: Uint8Array,
  count: number,
  { first = false, offset, bytes: claimed = 0 }: { first?: boolean; offset?: number; bytes?: number } = {},
): Uint8Array {
  const view = new DataView(core.buffer, core.byteOffset, core.length)
  const present = view.getUint16(56, true)
  const start = Number(view.getBigUint64(32, true))
  const table = core.subarray(start, start + present * 56)
  const place = Math.ceil(core.length / 8) * 8
  const bytes = new Uint8Array(place + (present + count) * 56 + 64)
  bytes.set(core)
  bytes.set(table, place + (first ? count * 56 : 0))
  const put = (offset: number, value: number | bigint, width: 2 | 4 | 8) =>
    bytes.set(numberBytes(BigInt(value), width), offset)
  for (let index = 0; index < count; index++) {
    const at = place + ((first ? 0 : present) + index) * 56
    put(at, 1, 4)
    put(at + 4, 6, 4)
    put(at + 8, offset ?? (first ? 0 : place), 8)
    put(at + 16, 0x1000_0000_0000n + BigInt(index) * 0x3000n, 8)
    put(at + 32, claimed, 8)
    put(at + 40, 0x1000, 8)
    put(at + 48, 0x1000, 8)
  }
  const section = place + (present + count) * 56
  put(section + 44, present + count, 4)
  put(32, place, 8)
  put(40, section, 8)
  put(56, 0xffff, 2)
  put(58, 64, 2)
  put(60, 1, 2)
  return bytes
}

/** A little-endian core of which a note has another type, as if it were not there. */
export function withoutNote(core: Uint8Array, type: number): Uint8Array {
  const head = [...numberBytes(BigInt(type), 4), ...new TextEncoder().encode('CORE\0')]
  for (let at = 0; at < 65_536; at += 4) {
    if (!head.every((byte, index) => core[at + index] === byte)) continue
    core.set(numberBytes(0x1234n, 4), at)
    return core
  }
  throw new Error(`The core has no note of type ${type}`)
}

/** Writes a changed copy of a core beside it. */
export function changedCore(path: string, name: string, change: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(readFileSync(path))
  change(bytes)
  writeFileSync(`${path}.${name}`, bytes)
  return `${path}.${name}`
}

/** Another l_addr and l_ld for the module that is at `from`. */
export function moveInLinkMap(bytes: Uint8Array, from: bigint, to: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 4096; at + 24 <= bytes.length; at += 8) {
    if (view.getBigUint64(at, true) !== from) continue
    const dynamic = view.getBigUint64(at + 16, true)
    if (dynamic < from || dynamic > from + 0x10000n) continue
    bytes.set(numberBytes(to, 8), at)
    bytes.set(numberBytes(dynamic + to - from, 8), at + 16)
  }
}
