/**
 * Memory that came for a second round is laid into the core that the worker reads: a new file in its place by rename, so that a kill at
 * any instruction leaves the one before or the one after. To lay the same twice changes nothing.
 */
import { Buffer } from 'node:buffer'
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { ElfError } from '../../src/elf/error.ts'
import { fileSource } from '../../src/elf/source.ts'
import { plainSize, READING, WRITING } from '../../src/files/plain.ts'
import { filledCore } from '../../src/slim/filled.ts'
import { type MemoryRecord, recordsIn } from '../../src/task/memory_records.ts'
import type { Task } from '../../src/task/task.ts'
import { partialOf } from '../../src/task/write.ts'
import { MIB } from '../../src/units/bytes.ts'

/** What file systems allocate at once. */
const BLOCK = 4096
const ZEROS = new Uint8Array(BLOCK)
/** What is larger, the server has not written. */
const MAX_MEMORY = 2 * MIB

/** Bytes of memory that were laid; undefined: there is none. Throws the errors of the disk. */
export function layMemory(task: Task): number | undefined {
  const size = plainSize(task.file('memory'))
  if (size === undefined) return undefined
  const memory = size > MAX_MEMORY
    ? []
    : [...recordsIn(readFileSync(task.file('memory')))].filter(({ length, bytes }) => bytes.length === length)
  const laid = memory.length > 0 && writeFilled(task, memory)
  rmSync(task.file('memory'), { force: true })
  return laid ? memory.reduce((sum, { length }) => sum + length, 0) : 0
}

function writeFilled(task: Task, memory: readonly MemoryRecord[]): boolean {
  using source = fileSource(task.file('coredump'), READING)
  try {
    const chunks = filledCore(source, memory)
    if (chunks === undefined) return false
    const partial = partialOf(task, 'coredump')
    const descriptor = openSync(partial, WRITING, 0o600)
    try {
      let size = 0
      for (const chunk of chunks) {
        for (const { start, end } of withoutZeros(chunk, size)) {
          for (let at = start; at < end;) at += writeSync(descriptor, chunk, at, end - at, size + at)
        }
        size += chunk.length
      }
      ftruncateSync(descriptor, size)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(partial, task.file('coredump'))
    return true
  } catch (error) {
    // On a full disk it would take what is left of it.
    rmSync(partialOf(task, 'coredump'), { force: true })
    if (error instanceof ElfError) return false
    throw error
  }
}

/**
 * The parts of `chunk` that have to be written when it lies at `position`: all but whole blocks of zeros. The core came with holes, and
 * nobody has looked whether there is room for them.
 */
function* withoutZeros(chunk: Uint8Array, position: number): Generator<{ start: number; end: number }> {
  let [start, end] = [0, 0]
  for (let at = 0; at < chunk.length; at = end) {
    end = Math.min(chunk.length, at + BLOCK - (position + at) % BLOCK)
    if (end - at < BLOCK || Buffer.compare(chunk.subarray(at, end), ZEROS) !== 0) continue
    if (at > start) yield { start, end: at }
    start = end
  }
  if (chunk.length > start) yield { start, end: chunk.length }
}
