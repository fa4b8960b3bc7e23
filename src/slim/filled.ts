/**
 * A slim core with memory that came later: the same notes but for what is left out, and the pages as segments of their own. Pure.
 */
import { readCore } from '../elf/core.ts'
import { parseHeader, PT_LOAD, readProgramHeaders } from '../elf/header.ts'
import type { ByteSource } from '../elf/source.ts'
import { layout, type Undumped } from './layout.ts'
import { notesOf } from './notes.ts'
import { NO_ADDRESS } from './pages.ts'
import { allNotes } from './process.ts'
import type { Run } from './runs.ts'
import { apart, type Range, without } from './spans.ts'

/** Memory that came later. */
export interface LaterPage {
  readonly start: bigint
  readonly bytes: Uint8Array
}

const MAX_SEGMENTS = 60_000
const CHUNK = 256 * 1024

/**
 * Its bytes, in order; undefined: it is no slim core that pages could be laid into. `pages` are sorted and apart; of one what the
 * core holds already, or never said to be left out, is not taken. Throws ElfError as `readCore` does.
 */
export function filledCore(source: ByteSource, pages: readonly LaterPage[]): Generator<Uint8Array> | undefined {
  const core = readCore(source)
  if (core.leftOut === undefined) return undefined
  const original = source.read(0, 64)
  const header = parseHeader(original)
  const programs = readProgramHeaders(source, header).filter(({ type }) => type === PT_LOAD)
  const runs: Run[] = []
  const undumped: Undumped[] = []
  let kept = 0n
  for (const { address, offset, fileSize, memorySize, flags } of programs) {
    kept += fileSize
    if (fileSize > 0n) {
      if (address + fileSize >= NO_ADDRESS || offset + fileSize > BigInt(source.size)) return undefined
      const [start, end] = [Number(address), Number(address + fileSize)]
      runs.push({ start, end, fileOffset: Number(offset), flags })
    }
    if (memorySize > fileSize) undumped.push({ start: address + fileSize, size: memorySize - fileSize, flags })
  }
  // A slim core of ours has each byte once; one whose segments share them would become as large as they claim.
  if (kept > BigInt(source.size)) return undefined
  const taken: Range[] = []
  const left = apart(core.leftOut.ranges)
  let offset = source.size
  // Behind the end of the core, as far as the layout is concerned.
  const parts = new Map<number, Uint8Array>()
  let next = 0
  for (const { start, bytes } of pages) {
    const end = start + BigInt(bytes.length)
    while (next < left.length && (left[next]?.end ?? 0n) <= start) next++
    for (let index = next; index < left.length; index++) {
      const { start: from, end: to, flags } = left[index] ?? { start: end, end, flags: 0 }
      if (from >= end) break
      const piece = { start: from > start ? from : start, end: to < end ? to : end }
      if (piece.start >= piece.end || piece.end >= NO_ADDRESS) continue
      const part = bytes.subarray(Number(piece.start - start), Number(piece.end - start))
      runs.push({ start: Number(piece.start), end: Number(piece.end), fileOffset: offset, flags })
      parts.set(offset, part)
      offset += part.length
      taken.push(piece)
    }
  }
  if (runs.length + undumped.length >= MAX_SEGMENTS) return undefined
  const ranges = left.flatMap((range) => without(range, taken).map((each) => ({ ...each, flags: range.flags })))
  const notes = [...allNotes(source, header, readProgramHeaders(source, header))]
  const made = layout(original, header, {
    runs: runs.sort((a, b) => a.start - b.start),
    undumped,
    notes: notesOf(source, header, {
      notes,
      leftOut: { maker: core.leftOut.maker, ranges },
      keptBack: core.keptBack,
      keepsArguments: true,
    }),
  })
  return bytesOf(source, parts, made)
}

function* bytesOf(
  source: ByteSource,
  parts: ReadonlyMap<number, Uint8Array>,
  { head, places }: ReturnType<typeof layout>,
): Generator<Uint8Array> {
  yield head
  let at = head.length
  for (const { run, offset } of places) {
    if (offset > at) yield new Uint8Array(offset - at)
    const length = run.end - run.start
    const page = parts.get(run.fileOffset)
    if (page !== undefined) yield page
    for (let done = 0; page === undefined && done < length; done += CHUNK) {
      yield source.read(run.fileOffset + done, Math.min(CHUNK, length - done))
    }
    at = offset + length
  }
}
