/**
 * A task's directory as the worker sees it (docs/architecture.md, 'A task's directory'). Owns the names, the hints that
 * the client sent, and writing by rename; refuses a directory without a core that never was a task.
 */
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { UsageError } from '../../src/errors/usage_error.ts'
import type { Hints } from './resolve/resolve.ts'

export interface Task {
  readonly dir: string
  /** The directory's name: the task's number, where a server made it. */
  readonly id: string
  readonly core: string
  /** `retrace-log` is there: nothing is left to do. */
  readonly hasEnded: boolean
  readonly hasBacktrace: boolean
}

/** What the worker writes; in this order, so that the last one changes the state. */
export type Result = 'modules.json' | 'backtrace.json' | 'backtrace' | 'outcome.json' | 'retrace-log'

const MAX_HINT = 1 << 20
const NEW = '.new'

/** Throws UsageError when `path` is no directory, or holds neither a core nor a log. */
export function openTask(path: string): Task {
  const dir = resolve(path)
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${dir} is no directory; give a task's directory, which holds the file coredump`)
  }
  const core = join(dir, 'coredump')
  const hasEnded = existsSync(join(dir, 'retrace-log'))
  if (!hasEnded && !statSync(core, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`${dir} is no task: it holds no file coredump`)
  }
  return { dir, id: basename(dir), core, hasEnded, hasBacktrace: existsSync(join(dir, 'backtrace')) }
}

/** What the client said about its crash, as far as it said it. All of it is a hint: the core's own word wins. */
export function readHints(task: Task): Hints & { architecture: string | undefined } {
  const release = hint(task, 'release') ?? hint(task, 'os_release')
  const program = hint(task, 'package')
  const executable = hint(task, 'executable')
  const packages = (hint(task, 'packages') ?? '').split('\n').map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  return {
    release,
    packages,
    architecture: hint(task, 'architecture'),
    ...(program === undefined ? {} : { package: program }),
    ...(executable === undefined ? {} : { executable }),
  }
}

function hint(task: Task, name: string): string | undefined {
  const path = join(task.dir, name)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0 || size > MAX_HINT) return undefined
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim() || undefined
}

/**
 * Writes results whole: each to a temporary name, flushed to the disk, then all renamed in order. All are flushed at
 * once: the disk takes little longer for five than for one.
 */
export async function writeResults(task: Task, results: readonly [name: Result, text: string][]): Promise<void> {
  await Promise.all(results.map(async ([name, text]) => {
    await using file = await open(join(task.dir, name + NEW), 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }))
  for (const [name] of results) renameSync(join(task.dir, name + NEW), join(task.dir, name))
  await using folder = await open(task.dir, 'r')
  await folder.sync()
}

/** The folder for links of a task that has very many (assemble.ts). */
export function linkFolder(task: Task): string {
  return join(task.dir, 'root')
}

/** Removes what a run leaves beside its results: links, half-written files. */
export function removeTraces(task: Task): void {
  rmSync(linkFolder(task), { recursive: true, force: true })
  for (const name of ['modules.json', 'backtrace.json', 'backtrace', 'outcome.json', 'retrace-log']) {
    rmSync(join(task.dir, name + NEW), { force: true })
  }
}

/** Removes the core of a task that has ended. */
export function removeCore(task: Task): void {
  rmSync(task.core, { force: true })
}
