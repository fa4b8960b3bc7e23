/**
 * A tar archive as it streams by: its members one after the other, names and sizes from whichever header says them last
 * (ustar, GNU long names, PAX), sparse ones with their map. Which members are welcome, and where they are written, is
 * decided elsewhere.
 */
import { Buffer } from 'node:buffer'
import { badStream } from './bad_stream.ts'
import type { ByteReader } from './byte_reader.ts'
import { isAllZero } from './bytes.ts'
import { MAX_OVERHEAD, Overhead } from './overhead.ts'
import { applyPax, type PaxValues } from './pax.ts'
import { addOldParts, damagedMap, parseDecimal, SparseMap } from './sparse_map.ts'
import { parseHeader, parseNumber, TAR_BLOCK, type TarHeader, textOf } from './tar_header.ts'
import { Turns } from '../stream/turns.ts'

/** A piece of a member and where it belongs in the file. */
export interface Extent {
  chunk: Uint8Array
  position: number
}

export interface TarMember {
  name: string
  /** `file`, `sparse file`, or what else it is, in words. */
  kind: string
  /** Bytes of the file that it becomes, holes included; of what is no file, what its header says. */
  size: number
  /**
   * The content in ascending order, without the holes; read once, to its end, before the next member. Throws
   * bad-stream.
   */
  extents(): AsyncGenerator<Extent>
}

const KINDS: Readonly<Record<string, string>> = {
  '0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '3': 'character device',
  '4': 'block device',
  '5': 'directory',
  '6': 'FIFO',
  'S': 'sparse file',
}

/** An archive while it is read. */
interface Reading {
  readonly reader: ByteReader
  readonly overhead: Overhead
  readonly turns: Turns
}

/** Reads the archive to the end of the stream. Throws what the stream throws, and bad-stream. */
export async function* readTar(reader: ByteReader): AsyncGenerator<TarMember> {
  const reading: Reading = { reader, overhead: new Overhead(), turns: new Turns() }
  const globals: PaxValues = {}
  let pending: PaxValues | undefined
  for (;;) {
    const block = await reader.exactly(TAR_BLOCK)
    if (isAllZero(block)) {
      if (pending !== undefined) throw badStream('The tar archive ends after an extended header')
      if (reader.position === 0) throw badStream('The body is empty, not a tar archive')
      return await readPadding(reading)
    }
    if (block.length < TAR_BLOCK) throw endsEarly()
    reading.overhead.takeHeader(TAR_BLOCK)
    await reading.turns.next()
    const header = parseHeader(block)
    switch (header.type) {
      case 'x':
      case 'X':
        await applyPax(pending ??= {}, await readMeta(reading, header.size), reading)
        break
      case 'g':
        await applyPax(globals, await readMeta(reading, header.size), reading)
        break
      case 'L':
        pending = { path: textOf(await readMeta(reading, header.size)), ...pending }
        break
      case 'K':
        await readMeta(reading, header.size)
        break
      default:
        yield memberOf(reading, block, { header, pax: { ...globals, ...pending } })
        pending = undefined
    }
  }
}

/** After the first block of zeros, or the end of the stream in its place, only zeros may follow. */
async function readPadding({ reader, overhead }: Reading): Promise<void> {
  for await (const chunk of reader.rest()) {
    overhead.takeBytes(chunk.length)
    if (!isAllZero(chunk)) throw badStream('There are bytes after the end of the tar archive that are no padding')
  }
}

/** The content of an extended header or a long name. */
async function readMeta({ reader, overhead }: Reading, size: number): Promise<Uint8Array> {
  if (size > MAX_OVERHEAD) throw badStream(`An extended header of the tar archive is larger than ${MAX_OVERHEAD} bytes`)
  overhead.takeBytes(size)
  const content = await reader.exactly(size)
  if (content.length < size) throw endsEarly()
  await skipFill(reader, size)
  return content
}

/** What fills a member's last block. */
async function skipFill(reader: ByteReader, size: number): Promise<void> {
  const fill = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK
  if ((await reader.exactly(fill)).length < fill) throw endsEarly()
}

function memberOf(reading: Reading, block: Uint8Array, read: { header: TarHeader; pax: PaxValues }): TarMember {
  const { header, pax } = read
  const name = pax.sparseName ?? pax.path ?? header.name
  const stored = pax.size ?? header.size
  if (header.type === 'S') {
    return {
      name,
      kind: 'sparse file',
      size: parseNumber(block.subarray(483, 495)),
      extents: () =>
        sparseExtents(reading, {
          stored,
          size: parseNumber(block.subarray(483, 495)),
          readMap: () => oldMap(reading, block),
        }),
    }
  }
  const kind = header.type === '0' && name.endsWith('/') ? 'directory' : KINDS[header.type] ?? 'special entry'
  const version = `${pax.sparseMajor ?? 0}.${pax.sparseMinor ?? 0}`
  const isSparse = pax.sparseMap !== undefined || pax.sparseSize !== undefined || pax.sparseMajor !== undefined
  if (kind !== 'file' || !isSparse) {
    return {
      name,
      kind,
      size: stored,
      extents: () => plainExtents(reading.reader, stored),
    }
  }
  if (version !== '1.0' && version !== '0.0' && version !== '0.1') {
    throw badStream(`The archive holds a sparse member of a form that is not known here (${version})`)
  }
  const size = pax.sparseSize
  if (size === undefined) throw damagedMap()
  const readMap = version === '1.0'
    ? () => leadingMap(reading, stored)
    : () => Promise.resolve({ map: pax.sparseMap ?? new SparseMap(), length: 0 })
  return { name, kind: 'sparse file', size, extents: () => sparseExtents(reading, { stored, size, readMap }) }
}

async function* plainExtents(reader: ByteReader, size: number): AsyncGenerator<Extent> {
  for (let position = 0; position < size;) {
    const chunk = await reader.some(size - position)
    if (chunk === undefined) throw endsEarly()
    yield { chunk, position }
    position += chunk.length
  }
  await skipFill(reader, size)
}

/** What a map read from the stream says, and how many of the member's stored bytes it took. */
interface ReadMap {
  map: SparseMap
  length: number
}

async function* sparseExtents(
  { reader, turns }: Reading,
  member: { stored: number; size: number; readMap: () => Promise<ReadMap> },
): AsyncGenerator<Extent> {
  const { map, length } = await member.readMap()
  map.check(member.size, member.stored - length)
  for (const part of map.parts()) {
    const turn = turns.next()
    if (turn !== undefined) await turn
    for (let done = 0; done < part.length;) {
      const chunk = await reader.some(part.length - done)
      if (chunk === undefined) throw endsEarly()
      yield { chunk, position: part.offset + done }
      done += chunk.length
    }
  }
  await skipFill(reader, member.stored)
}

/** GNU's own form: 4 parts in the header, 21 in each block after it that the one before announces. */
async function oldMap({ reader, turns }: Reading, header: Uint8Array): Promise<ReadMap> {
  const map = new SparseMap()
  addOldParts(map, header, { offset: 386, count: 4 })
  for (let isExtended = header[482] !== 0; isExtended;) {
    const before = map.count
    const turn = turns.next()
    if (turn !== undefined) await turn
    const block = await reader.exactly(TAR_BLOCK)
    if (block.length < TAR_BLOCK) throw endsEarly()
    addOldParts(map, block, { offset: 0, count: 21 })
    isExtended = block[504] !== 0
    if (isExtended && map.count === before) throw damagedMap()
  }
  return { map, length: 0 }
}

/** PAX 1.0: before the data, in whole blocks, the number of parts and their offsets and lengths, one a line. */
async function leadingMap({ reader, turns }: Reading, stored: number): Promise<ReadMap> {
  const map = new SparseMap()
  let length = 0
  let rest = ''
  let count: number | undefined
  let offset: number | undefined
  while (count === undefined || map.count < count) {
    if (length + TAR_BLOCK > stored) throw damagedMap()
    const turn = turns.next()
    if (turn !== undefined) await turn
    const block = await reader.exactly(TAR_BLOCK)
    if (block.length < TAR_BLOCK) throw endsEarly()
    length += TAR_BLOCK
    const lines = (rest + Buffer.from(block).toString('latin1')).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (count !== undefined && map.count === count) break
      const number = parseDecimal(line)
      if (count === undefined) {
        count = number
      } else if (offset === undefined) {
        offset = number
      } else {
        map.add(offset, number)
        offset = undefined
      }
    }
    if (rest.length > 2 * TAR_BLOCK) throw damagedMap()
  }
  return { map, length }
}

function endsEarly(): Error {
  return badStream('The tar archive ends early')
}
