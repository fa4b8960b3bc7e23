/**
 * The block that the kernel puts at the top of the first stack: argc, argv, the environment, the auxiliary vector, and
 * their texts (fs/binfmt_elf.c, create_elf_tables). Owns where arguments and environment are, so that they can be kept
 * back; where it cannot tell, everything that may be one of them is. Pure.
 */
import { Fields, wordSize } from '../elf/fields.ts'
import { AT_EXECFN } from '../elf/mapping.ts'
import type { Memory } from '../elf/memory.ts'
import { MIB } from '../units/bytes.ts'
import type { Area, Pages, Span } from './pages.ts'

export interface Block {
  /** Of the stack that the process began with. */
  readonly area: Area
  /** The texts of the arguments, empty where they are not told from the environment. */
  readonly arguments: Span
  readonly environment: Span
}

const AT_RANDOM = 25
/** MAX_ARG_STRLEN times what a quarter of a usual stack holds: the kernel allows 6 MiB at most in all. */
const MAX_BLOCK = 6 * MIB
const MAX_VECTOR = 400_000

/** `vector`: the first bytes of NT_AUXV; `sp` of the first thread, for cores without a vector. Undefined where the first stack was not dumped. */
export function blockOf(
  pages: Pages,
  memory: Memory,
  { auxv, vector, sp }: { auxv: ReadonlyMap<number, bigint>; vector: Uint8Array; sp: number | undefined },
): Block | undefined {
  const [random, name] = [Number(auxv.get(AT_RANDOM) ?? 0n), Number(auxv.get(AT_EXECFN) ?? 0n)]
  const told = pages.areaAt(random) ?? pages.areaAt(name)
  if (told === undefined) return sp === undefined ? undefined : untold(pages.areaAt(sp), memory)
  const area = told
  const from = Math.max(area.start, area.end - MAX_BLOCK)
  const bytes = memory.read(BigInt(from), area.end - from)
  const end = name > from && name < area.end ? name : area.end
  const at = vectorIn(bytes, vector, wordSize(memory.encoding))
  const first = at === undefined ? undefined : textsBefore(new Fields(bytes, memory.encoding), at, from, area)
  if (first === undefined) {
    // The 16 random bytes lie below all texts.
    const start = random > from && random < area.end ? random + 16 : from
    return { area, arguments: { start: end, end }, environment: { start: Math.min(start, end), end } }
  }
  return {
    area,
    arguments: { start: first.arguments, end: first.environment },
    environment: { start: first.environment, end },
  }
}

/** Without a vector: whatever is text at the end of the stack. */
function untold(area: Area | undefined, memory: Memory): Block | undefined {
  if (area === undefined) return undefined
  const from = Math.max(area.start, area.end - MAX_BLOCK)
  const bytes = memory.read(BigInt(from), area.end - from)
  let start = bytes.length
  while (start > 0 && isText(bytes[start - 1] ?? 1)) start--
  return { area, arguments: { start: area.end, end: area.end }, environment: { start: from + start, end: area.end } }
}

function isText(byte: number): boolean {
  return byte === 0 || (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13)
}

/** Where in the bytes the vector begins that the core's note has. */
function vectorIn(bytes: Uint8Array, head: Uint8Array, word: number): number | undefined {
  if (head.length < 4 * word) return undefined
  const last = bytes.length - head.length
  for (let at = last - (last % word); at >= 0; at -= word) {
    if (head.every((byte, index) => bytes[at + index] === byte)) return at
  }
  return undefined
}

/** The first text of the arguments and of the environment, by the two lists below the vector. */
function textsBefore(
  fields: Fields,
  vector: number,
  from: number,
  area: Area,
): { arguments: number; environment: number } | undefined {
  const word = wordSize(fields.encoding)
  const leadsToText = (at: number) => {
    const value = Number(fields.word(at))
    return value > from + vector && value < area.end
  }
  const listBefore = (end: number): number | undefined => {
    if (end < word || fields.word(end - word) !== 0n) return undefined
    let at = end - word
    for (let count = 0; at >= word && leadsToText(at - word) && count < MAX_VECTOR; count++) at -= word
    return at
  }
  const environment = listBefore(vector)
  const list = environment === undefined ? undefined : listBefore(environment)
  if (environment === undefined || list === undefined) return undefined
  // unsetenv() and what reads arguments move these lists in place, and leave two ends behind: then neither can be told.
  const [first, second] = [fields.word(list), fields.word(environment)]
  if (first === 0n || second === 0n) return undefined
  // As the kernel laid the texts: each behind the one before, all arguments before the environment.
  for (let at = list, last = 0n; at < vector - word; at += word) {
    if (at === environment - word) continue
    const text = fields.word(at)
    if (text <= last) return undefined
    last = text
  }
  return { arguments: Number(first), environment: Number(second) }
}
