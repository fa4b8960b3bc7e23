/**
 * How files appear in a task's directory: written under a temporary name, then renamed, so that each is there whole or
 * not at all. That name, and what a killed program left under it, are known here alone.
 */
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { syncDirectory } from '../files/durable.ts'
import { writePlain, WRITING } from '../files/plain.ts'
import type { CodedResult, Result, TaskFile } from './files.ts'
import type { Task } from './task.ts'

const PARTIAL = '.partial'
/** As workers before this one called theirs: a spool outlives an update. */
const PARTIALS = [PARTIAL, '.new']
const MODE = 0o600

/** The temporary name of a file of the task. */
export function partialOf(task: Task, name: TaskFile): string {
  return task.file(name) + PARTIAL
}

/**
 * Writes results so that they outlive a power cut, in the order in which they appear. All are flushed at once: the disk
 * takes little longer for five than for one.
 */
export async function writeResults(task: Task, results: readonly (readonly [Result, string])[]): Promise<void> {
  await Promise.all(results.map(async ([name, text]) => {
    await using file = await open(partialOf(task, name), WRITING, MODE)
    await file.writeFile(text)
    await file.sync()
  }))
  for (const [name] of results) appear(task, name)
  await syncDirectory(task.directory)
}

/** Renames a flushed file to its final name. */
export function appear(task: Task, name: Result | CodedResult): void {
  replace(partialOf(task, name), task.file(name))
}

/** Writes a small file that need not survive a power cut: whole or not at all, but not flushed. */
export function writeNote(task: Task, name: 'started' | 'step', text: string): void {
  writePlain(partialOf(task, name), text, MODE)
  replace(partialOf(task, name), task.file(name))
}

/** A folder that someone put in the place of a file goes. */
function replace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (cause) {
    if (!/^(EISDIR|ENOTEMPTY|EEXIST)$/.test(errnoOf(cause) ?? '')) throw cause
    rmSync(to, { recursive: true, force: true })
    renameSync(from, to)
  }
}

/** Absolute paths of what programs that were killed had not finished. */
export function partialsOf(task: Task): string[] {
  return namesIn(task.directory).filter((name) => PARTIALS.some((end) => name.endsWith(end)))
    .map((name) => join(task.directory, name))
}

/** Of a task that was deleted meanwhile, none. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return []
    throw cause
  }
}
