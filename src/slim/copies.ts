/**
 * Copies of the environment, and of arguments that are kept back, which the process made elsewhere: setenv() on the heap, os.environ
 * of Python, a local variable. Pure. Owns what counts as a copy: `NAME=VALUE` wherever it stands, whatever characters a name has, and a
 * value of 8 bytes or more that ends there; what is shorter, or cut, or packed in another way, is not known again.
 */
import type { ByteSource } from '../elf/bytes_source.ts'
import type { Block } from './block.ts'
import { type Area, PAGE, type Pages, type Span } from './pages.ts'
import type { Run } from './runs.ts'
import { type WordForm, wordsIn } from './words.ts'

/** A text that is looked for. `ends`: it counts only where a NUL stands behind it. */
export interface Needle {
  readonly bytes: Uint8Array
  readonly ends: boolean
}

const MIN_WHOLE = 6
const MIN_VALUE = 8
const MAX_TEXT = 128 * 1024
const MAX_NEEDLES = 20_000
/** Entries of an array of the environment, and such arrays: environ and what was environ before. */
const MAX_ENTRIES = 4096
const MAX_ARRAYS = 64
/** Bytes that are compared in all; then whatever begins as a text does counts as a copy to its end. */
const MAX_COMPARED = 200_000_000
/** Bytes that are looked at in one piece, where what is kept lies so near that what is around it is the same. */
const MAX_JOINED = 4 * 1024 * 1024
const KEY = 4
const [EQUALS, NUL] = [0x3d, 0]

/** What the process's environment was at its start and is now, as far as the block and the C library's data lead to it. */
export function needlesOf(
  pages: Pages,
  { block, form, keepsArguments, known }: {
    block: Block | undefined
    form: WordForm
    keepsArguments: boolean
    /** Texts that are sent in any case: the paths of modules. */
    known: ReadonlySet<string>
  },
): Needle[] {
  const needles = new Map<string, Needle>()
  const decoder = new TextDecoder('latin1')
  const add = (bytes: Uint8Array, ends: boolean) => {
    const text = decoder.decode(bytes)
    if (needles.size < MAX_NEEDLES && !known.has(text) && !needles.has(text)) needles.set(text, { bytes, ends })
  }
  const addText = (text: Uint8Array) => {
    const at = nameLength(text)
    if (at === 0) return
    if (text.length >= MIN_WHOLE) add(text, false)
    if (text.length - at - 1 >= MIN_VALUE) add(text.subarray(at + 1), true)
  }
  if (block !== undefined) {
    for (const text of textsIn(pages, block.environment)) addText(text)
    // Where the process moved its lists, arguments are among what is called the environment.
    if (!keepsArguments) {
      for (const texts of [textsIn(pages, block.arguments), textsIn(pages, block.environment)]) {
        for (const text of texts) if (text.length >= MIN_VALUE) add(text, true)
      }
    }
  }
  for (const text of arraysOf(pages, form)) addText(text)
  return [...needles.values()]
}

/** Where the kept bytes hold such texts, or a part of one, without `except`: what is to be forbidden. */
export function copiesIn(
  pages: Pages,
  source: ByteSource,
  runs: readonly Run[],
  { needles, except }: { needles: readonly Needle[]; except: readonly Span[] },
): Span[] {
  if (needles.length === 0) return []
  const byKey = new Map<number, Needle[]>()
  const heads = new Uint8Array(1 << 16)
  for (const needle of needles) {
    const key = keyAt(needle.bytes, 0)
    const same = byKey.get(key)
    if (same === undefined) byKey.set(key, [needle])
    else same.push(needle)
    heads[key & 0xffff] = 1
  }
  const found: Span[] = []
  let left = MAX_COMPARED
  // A text can begin before what is kept, or end behind it: of the middle of a long one neither is kept.
  const around = needles.reduce((most, { bytes }) => Math.max(most, bytes.length), 0) + 1
  for (const { from, to, fileOffset, runs: inside } of regionsAround(pages, runs, around)) {
    const bytes = source.read(fileOffset, to - from)
    let next = 0
    for (let at = 0; at + KEY <= bytes.length; at++) {
      if (heads[(bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8] === 0) continue
      const same = byKey.get(keyAt(bytes, at))
      if (same === undefined) continue
      while (next < inside.length && (inside[next]?.end ?? 0) <= from + at) next++
      const kept = inside[next]
      if (kept === undefined) break
      let length = left > 0 ? 0 : textLength(bytes, at)
      for (const needle of same) {
        if (left <= 0) break
        left -= needle.bytes.length
        if (needle.bytes.length > length && begins(bytes, at, needle)) length = needle.bytes.length
      }
      if (length === 0) continue
      const span = { start: from + at, end: from + at + length }
      if (span.end <= kept.start) continue
      if (except.some(({ start, end }) => span.start >= start && span.end <= end)) continue
      found.push(span)
      at += length - 1
    }
  }
  return found
}

interface Region {
  from: number
  to: number
  readonly fileOffset: number
  readonly area: Area | undefined
  readonly runs: Run[]
}

/** What is looked at: runs, in order, with what lies `around` them in their areas; no byte twice where that meets. */
function* regionsAround(pages: Pages, runs: readonly Run[], around: number): Generator<Region> {
  let last: Region | undefined
  for (const run of runs) {
    const area = pages.areaAt(run.start)
    const from = Math.max(area?.start ?? run.start, run.start - around)
    const to = Math.min(area?.end ?? run.end, run.end + around)
    if (last !== undefined && last.area === area && from <= last.to && to - last.from <= MAX_JOINED) {
      last.to = Math.max(last.to, to)
      last.runs.push(run)
      continue
    }
    if (last !== undefined) yield last
    last = { from, to, fileOffset: run.fileOffset - (run.start - from), runs: [run], area }
  }
  if (last !== undefined) yield last
}

function keyAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 | (bytes[at + 3] ?? 0) << 24) >>> 0
}

function begins(bytes: Uint8Array, at: number, needle: Needle): boolean {
  const { length } = needle.bytes
  if (at + length > bytes.length) return false
  for (let index = KEY; index < length; index++) if (bytes[at + index] !== needle.bytes[index]) return false
  return !needle.ends || at + length === bytes.length || bytes[at + length] === NUL
}

function textLength(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(NUL, at)
  return Math.min(end === -1 ? bytes.length - at : end - at, MAX_TEXT)
}

/** Bytes before the `=` of `NAME=VALUE`; 0: it is none. Containers set names such as `spring.password`, bash `BASH_FUNC_name%%`. */
function nameLength(text: Uint8Array): number {
  let at = 0
  for (; at < text.length && text[at] !== EQUALS; at++) {
    const byte = text[at] ?? 0
    if (byte <= 0x20 || byte >= 0x7f) return 0
  }
  return at < text.length ? at : 0
}

/** Whether the name is one that a shell takes, as nearly all are (XBD 8.1). */
function isShellName(text: Uint8Array): boolean {
  return text.subarray(0, nameLength(text)).every((byte, at) => {
    const letter = byte | 0x20
    return letter >= 0x61 && letter <= 0x7a || byte === 0x5f || (at > 0 && byte >= 0x30 && byte <= 0x39)
  })
}

function* textsIn(pages: Pages, { start, end }: Span): Generator<Uint8Array> {
  const bytes = bytesOf(pages, start, end)
  for (let at = 0; at < bytes.length;) {
    const nul = bytes.indexOf(NUL, at)
    const stop = nul === -1 ? bytes.length : nul
    if (stop > at) yield bytes.subarray(at, Math.min(stop, at + MAX_TEXT))
    at = stop + 1
  }
}

/** Texts of arrays of `NAME=VALUE` to which the C library's data points: `environ`, also where setenv() has moved it. */
function* arraysOf(pages: Pages, form: WordForm): Generator<Uint8Array> {
  const seen = new Set<number>()
  let arrays = 0
  for (const [page, kind] of pages.kept) {
    if (kind !== 'libraries') continue
    for (const word of wordsIn(pages, page * PAGE, (page + 1) * PAGE, form)) {
      if (seen.has(word) || pages.areaAt(word) === undefined) continue
      seen.add(word)
      const texts = arrayAt(pages, word, form)
      if (texts === undefined) continue
      yield* texts
      if (++arrays >= MAX_ARRAYS) return
    }
  }
}

/** The texts of an array that ends with a null pointer, if each is `NAME=VALUE`, and one at least as a shell takes it. */
function arrayAt(pages: Pages, address: number, form: WordForm): Uint8Array[] | undefined {
  const texts: Uint8Array[] = []
  for (let index = 0; index < MAX_ENTRIES; index++) {
    const at = address + index * form.wordSize
    const [word] = wordsIn(pages, at, at + form.wordSize, form)
    // What is no address is left out: a null pointer, or nonsense.
    if (word === undefined) return texts.some(isShellName) ? texts : undefined
    const text = textAt(pages, word)
    if (text === undefined || nameLength(text) === 0) return undefined
    texts.push(text)
  }
  return texts
}

function textAt(pages: Pages, address: number): Uint8Array | undefined {
  const head = bytesOf(pages, address, address + 256)
  const nul = head.indexOf(NUL)
  if (nul >= 0) return head.subarray(0, nul)
  if (head.length < 256 || nameLength(head) === 0) return undefined
  const bytes = bytesOf(pages, address, address + MAX_TEXT)
  const end = bytes.indexOf(NUL)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

/** As far as it was dumped without a gap. */
function bytesOf(pages: Pages, start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = []
  let at = start
  while (at < end) {
    const page = Math.floor(at / PAGE)
    const bytes = pages.read(page)
    const from = at - page * PAGE
    if (from >= bytes.length) break
    const piece = bytes.subarray(from, Math.min(bytes.length, end - page * PAGE))
    parts.push(piece)
    at += piece.length
  }
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let filled = 0
  for (const part of parts) {
    all.set(part, filled)
    filled += part.length
  }
  return all
}
