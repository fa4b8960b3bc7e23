/**
 * Section headers (gABI, chapter 4, 'Sections'). Handles the escapes for more than 65,279 of them. A file whose table
 * is missing or cut off counts as one without sections, since debuggers can do without.
 */
import { Fields, fileNumber } from './fields.ts'
import { type ElfHeader, headerSizes } from './header.ts'
import type { ByteSource } from './bytes_source.ts'
import { MIB } from '../units/bytes.ts'

/** sh_type and sh_flags. */
export const SHT_NULL = 0
export const SHT_DYNAMIC = 6
export const SHT_NOTE = 7
export const SHT_NOBITS = 8
export const SHF_ALLOC = 2n
export const SHF_COMPRESSED = 0x800n

export interface Section {
  readonly name: string
  readonly type: number
  readonly flags: bigint
  readonly address: bigint
  readonly offset: bigint
  readonly size: bigint
  /** Index of the section that this one refers to, e.g. the string table of `.dynamic`. */
  readonly link: number
  readonly align: bigint
}

interface RawSection extends Omit<Section, 'name'> {
  readonly nameAt: number
}

const SHN_XINDEX = 0xffff
const MAX_SECTIONS = 1 << 18
const MAX_NAME = 128
const MAX_NAMES = 16 * MIB

/** All sections, in the order of the file; none where the table is not within it or has over 262,144 entries. */
export function readSections(source: ByteSource, header: ElfHeader): Section[] {
  const size = headerSizes(header).section
  const start = fileNumber(header.sectionOffset)
  if (start === undefined || start === 0 || header.sectionEntrySize !== size) return []
  const zero = source.read(start, size)
  if (zero.length < size) return []
  const [first] = parseSections(zero, header)
  if (first === undefined) return []
  const claimed = header.sectionCount === 0 ? fileNumber(first.size) ?? MAX_SECTIONS + 1 : header.sectionCount
  if (claimed > MAX_SECTIONS || start + claimed * size > source.size) return []
  const raw = parseSections(source.read(start, claimed * size), header)
  const names = raw[header.sectionNames === SHN_XINDEX ? first.link : header.sectionNames]
  const text = new Fields(names === undefined ? new Uint8Array(0) : readSection(source, names, MAX_NAMES), header)
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: text.string(nameAt, MAX_NAME) ?? '' }))
}

/** A section's bytes in the file, at most `limit`; none for NOBITS. */
export function readSection(source: ByteSource, section: Omit<Section, 'name'>, limit: number): Uint8Array {
  const offset = fileNumber(section.offset)
  if (section.type === SHT_NOBITS || offset === undefined) return new Uint8Array(0)
  return source.read(offset, section.size < BigInt(limit) ? Number(section.size) : limit)
}

function parseSections(bytes: Uint8Array, header: ElfHeader): RawSection[] {
  const size = headerSizes(header).section
  const word = header.class / 8
  const fields = new Fields(bytes, header)
  const sections: RawSection[] = []
  for (let at = 0; at + size <= bytes.length; at += size) {
    sections.push({
      nameAt: fields.u32(at),
      type: fields.u32(at + 4),
      flags: fields.word(at + 8),
      address: fields.word(at + 8 + word),
      offset: fields.word(at + 8 + 2 * word),
      size: fields.word(at + 8 + 3 * word),
      link: fields.u32(at + 8 + 4 * word),
      align: fields.word(at + 16 + 4 * word),
    })
  }
  return sections
}
