/** ELF files with a section spoilt, as a broken tool chain, disk or mirror leaves them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseHeader } from '../../src/elf/header.ts'
import { readSections } from '../../src/elf/section.ts'
import { bytesSource } from '../../src/elf/source.ts'

/** What becomes of a section's bytes: all zero, all ones, zero from the middle on, or the file ends in its middle. */
export type Spoiling = 'zero' | 'ones' | 'half' | 'cut'

/** Writes the file anew, with one of its sections spoilt. Throws when it has no such section. */
export function spoil(path: string, name: string, how: Spoiling): void {
  const bytes = new Uint8Array(readFileSync(path))
  const source = bytesSource(bytes)
  const section = readSections(source, parseHeader(source.read(0, 64))).find((each) => each.name === name)
  if (section === undefined) throw new Error(`${path} has no section ${name}`)
  const [start, size] = [Number(section.offset), Number(section.size)]
  if (how === 'cut') return writeFileSync(path, bytes.subarray(0, start + (size >> 1)))
  const from = how === 'half' ? start + (size >> 1) : start
  writeFileSync(path, bytes.fill(how === 'ones' ? 0xff : 0, from, start + size))
}

/** Writes the file anew, with other bytes in place of the only ones that are so. Throws when there are more, or none. */
export function replaceBytes(path: string, from: readonly number[], to: readonly number[]): void {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(new Uint8Array(from))
  if (at < 0 || bytes.indexOf(new Uint8Array(from), at + 1) >= 0) throw new Error(`${path} has not one such place`)
  bytes.set(to, at)
  writeFileSync(path, bytes)
}
