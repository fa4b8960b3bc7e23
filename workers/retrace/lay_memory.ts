/**
 * Memory that came for a second round is laid into the core that the worker reads: a new file in its place by rename, so that a kill at
 * any instruction leaves the one before or the one after. To lay the same twice changes nothing.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { ElfError } from '../../src/elf/error.ts'
import { fileSource } from '../../src/elf/source.ts'
import { plainSize, READING, WRITING } from '../../src/files/plain.ts'
import { filledCore } from '../../src/slim/filled.ts'
import { type MemoryRecord, recordsIn } from '../../src/task/memory_records.ts'
import type { Task } from '../../src/task/task.ts'
import { partialOf } from '../../src/task/write.ts'
import { MIB } from '../../src/units/bytes.ts'

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
      for (const chunk of chunks) for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(partial, task.file('coredump'))
    return true
  } catch (error) {
    if (error instanceof ElfError) return false
    throw error
  }
}
