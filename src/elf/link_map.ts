/**
 * The names that the dynamic linker gave: AT_PHDR -> PT_DYNAMIC -> DT_DEBUG -> r_debug -> link_map (glibc's link.h).
 * These are the names that gdb opens, often a SONAME link where NT_FILE has the real path. The walk is bounded and
 * detects circles, since the memory is a stranger's.
 */
import { wordSize } from './fields.ts'
import { parseProgramHeaders, PT_DYNAMIC, PT_PHDR } from './header.ts'
import { dynamicBytes, readDynamic } from './image.ts'
import { AT_PHDR, AT_PHENT, AT_PHNUM } from './mapping.ts'
import { headerSizes } from './header.ts'
import type { Memory } from './memory.ts'

export interface LinkMap {
  /** Where the entry itself is. */
  readonly address: bigint
  /** Load bias. */
  readonly bias: bigint
  /** l_name: empty for the program itself. */
  readonly name: string
  /** Address of the object's dynamic section. */
  readonly dynamic: bigint
}

const DT_DEBUG = 21n
const MAX_LINK_MAPS = 16_384
/** Namespaces of dlmopen: glibc has 16. */
const MAX_NAMESPACES = 16
const MAX_PROGRAM_HEADERS = 256

/**
 * All link maps that can be read, the program's first; none for a static program or when that memory was not dumped.
 * `sections`: the modules' dynamic sections. The program's leads there, too, where auxv does not: of a linker that was
 * started as a command the kernel knows nothing but the linker.
 */
export function readLinkMaps(
  memory: Memory,
  auxv: ReadonlyMap<number, bigint>,
  sections: readonly { address: bigint; size: number }[],
): LinkMap[] {
  const word = wordSize(memory.encoding)
  let debug = debugAddress(memory, auxv) || firstDebugAddress(memory, sections)
  const maps: LinkMap[] = []
  const seen = new Set<bigint>()
  for (let space = 0; space < MAX_NAMESPACES && debug !== undefined && debug !== 0n && !seen.has(debug); space++) {
    seen.add(debug)
    const head = memory.fields(debug, 5 * word)
    if (head === undefined) break
    walk(memory, head.word(word), maps, seen)
    debug = head.u32(0) >= 2 ? memory.fields(debug + BigInt(5 * word), word)?.word(0) : undefined
  }
  return maps
}

/** r_debug.r_map and on: l_addr, l_name, l_ld, l_next. */
function walk(memory: Memory, first: bigint, maps: LinkMap[], seen: Set<bigint>): void {
  const word = wordSize(memory.encoding)
  let address = first
  while (address !== 0n && !seen.has(address) && maps.length < MAX_LINK_MAPS) {
    seen.add(address)
    const map = memory.fields(address, 4 * word)
    if (map === undefined) return
    const name = map.word(word) === 0n ? '' : memory.text(map.word(word)) ?? ''
    maps.push({ address, bias: map.word(0), name, dynamic: map.word(2 * word) })
    address = map.word(3 * word)
  }
}

function debugAddress(memory: Memory, auxv: ReadonlyMap<number, bigint>): bigint | undefined {
  const [table, entrySize, count] = [auxv.get(AT_PHDR), auxv.get(AT_PHENT), auxv.get(AT_PHNUM)]
  const size = headerSizes(memory.encoding).program
  if (table === undefined || entrySize !== BigInt(size) || count === undefined) return undefined
  const entries = count < BigInt(MAX_PROGRAM_HEADERS) ? Number(count) : MAX_PROGRAM_HEADERS
  const programs = parseProgramHeaders(memory.read(table, entries * size), memory.encoding)
  const dynamic = programs.find((each) => each.type === PT_DYNAMIC)
  if (dynamic === undefined) return undefined
  const self = programs.find((each) => each.type === PT_PHDR)
  const bias = self === undefined ? 0n : table - self.address
  const address = BigInt.asUintN(memory.encoding.class, bias + dynamic.address)
  return debugEntry(memory, { address, size: dynamicBytes(dynamic, memory.encoding) })
}

/** The linker fills it in the program's dynamic section alone. */
function firstDebugAddress(
  memory: Memory,
  sections: readonly { address: bigint; size: number }[],
): bigint | undefined {
  for (const section of sections) {
    const address = debugEntry(memory, section)
    if (address !== undefined && address !== 0n) return address
  }
  return undefined
}

function debugEntry(memory: Memory, section: { address: bigint; size: number }): bigint | undefined {
  for (const [tag, value] of readDynamic(memory, section)) {
    if (tag === DT_DEBUG) return value
  }
  return undefined
}
