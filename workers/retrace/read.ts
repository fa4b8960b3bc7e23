/**
 * Step `read`: the core's own word, by our own reader. No debugger is asked about a core that is of no use; one that starts meanwhile,
 * for what the first bytes claim to be, ends then.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { type Architecture, architectureOf } from '../../src/elf/architecture.ts'
import { type Core, readCore } from '../../src/elf/core.ts'
import { ElfError } from '../../src/elf/error.ts'
import { type Claims, withoutEmpty } from '../../src/elf/empty_segments.ts'
import { type ElfHeader, ET_CORE, headerSizes, parseHeader, readProgramHeaders } from '../../src/elf/header.ts'
import { type ByteSource, fileSource } from '../../src/elf/source.ts'
import { READING } from '../../src/files/plain.ts'
import { coreWithoutValues } from './gdb/kept_back.ts'
import type { Reason } from './outcome/reason.ts'
import { unusableCore } from './outcome/unusable_core.ts'

/** The core, or why the task ends here. Throws the errors of the disk. */
export function readCoreFile(path: string): { core: Core | undefined; reason: Reason | undefined } {
  moveEmptySegments(path)
  using source = fileSource(path, READING)
  try {
    const core = coreWithoutValues(readCore(source))
    return { core, reason: unusableCore(core) }
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    return { core: undefined, reason: { kind: 'unreadable', code: error.code, detail: error.message } }
  }
}

/** What is there of a core that still arrives; undefined: too little, or no core. Writes nothing. Throws the errors of the disk. */
export function readArriving(path: string): Core | undefined {
  using source = fileSource(path, READING)
  try {
    return readCore(source)
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}

/** What its first bytes say, before anything else is read; undefined where they are not those of a core. Throws the errors of the disk. */
export function claimedArchitecture(path: string): Architecture | undefined {
  using source = fileSource(path, READING)
  try {
    const { type, class: bits, littleEndian, machine } = parseHeader(source.read(0, 64))
    return type === ET_CORE ? architectureOf(bits, littleEndian, machine) : undefined
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}

const HEADERS_AT_ONCE = 4096

/**
 * Rewrites in the task's own copy what makes a debugger read the headers again for each segment; whoever reads the core
 * afterwards, we or a debugger, sees the same. What has no headers that can be read stays as it is.
 */
function moveEmptySegments(path: string): void {
  using source = fileSource(path, READING)
  const table = tableOf(source)
  if (table === undefined) return
  const size = headerSizes(table.header).program
  const claims: Claims = new Map()
  for (let done = 0; done < table.count; done += HEADERS_AT_ONCE) {
    const at = Number(table.header.programOffset) + done * size
    const part = source.read(at, Math.min(HEADERS_AT_ONCE, table.count - done) * size)
    const moved = withoutEmpty(part, table.header, { fileSize: source.size, claims })
    if (moved !== undefined) writeAt(path, moved, at)
  }
}

function tableOf(source: ByteSource): { header: ElfHeader; count: number } | undefined {
  try {
    const header = parseHeader(source.read(0, 64))
    return header.type === ET_CORE ? { header, count: readProgramHeaders(source, header).length } : undefined
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}

function writeAt(path: string, bytes: Uint8Array, position: number): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    writeSync(descriptor, bytes, 0, bytes.length, position)
  } finally {
    closeSync(descriptor)
  }
}
