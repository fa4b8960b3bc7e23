/** Which tasks this person has sent: a private file, a line of JSON for each. Passwords are in it, and nobody else reads it. */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { ClientFailure, EXIT } from './failure.ts'

export interface SentTask {
  readonly id: string
  readonly password: string
  readonly server: string
  /** When it was sent, in Unix seconds. */
  readonly time: number
  /** What crashed, in one line. */
  readonly about: string
}

const NAME = 'tasks'
/** The newest are kept: a server deletes tasks after days. */
const MAX_KEPT = 1000
const LOCK_MS = 5000

/** The tasks, oldest first; lines that make no sense are skipped. */
export function sentTasks(folder: string | undefined): SentTask[] {
  if (folder === undefined) return []
  try {
    return readFileSync(join(folder, NAME), 'utf8').split('\n').flatMap(parseLine)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return []
    throw new ClientFailure(`${join(folder, NAME)} cannot be read (${errnoOf(cause) ?? cause})`, { cause })
  }
}

/** Why it could not be remembered, as a sentence; undefined: it was. */
export function remember(folder: string | undefined, task: SentTask): string | undefined {
  const forgotten = `the task's number and password are ${task.id} and ${task.password}`
  if (folder === undefined) return `There is no home directory to remember the task in: ${forgotten}`
  try {
    change(folder, (tasks) => [...tasks, task].slice(-MAX_KEPT))
    return undefined
  } catch (cause) {
    return `${folder} cannot be written (${errnoOf(cause) ?? cause}): ${forgotten}`
  }
}

export function forget(folder: string | undefined, task: SentTask): void {
  if (folder === undefined) return
  change(folder, (tasks) => tasks.filter(({ id, server }) => id !== task.id || server !== task.server))
}

/** The task of this number, on the server that is named or else where it was sent last. Throws ClientFailure. */
export function taskNamed(folder: string | undefined, id: string, server: string | undefined): SentTask {
  const task = sentTasks(folder).findLast((each) => each.id === id && (server === undefined || each.server === server))
  if (task !== undefined) return task
  throw new ClientFailure(`No task ${id} was sent from here; 'retrace list' names those that were`, {
    exit: EXIT.usage,
  })
}

/** Reads, changes and replaces the file while no other retrace does. */
function change(folder: string, how: (tasks: SentTask[]) => readonly SentTask[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  using _lock = locked(join(folder, `${NAME}.lock`))
  const tasks = how(sentTasks(folder))
  const path = join(folder, NAME)
  writeFileSync(`${path}.new`, tasks.map((each) => `${JSON.stringify(each)}\n`).join(''), { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
}

/** One at a time; who died with the lock has it for 5 seconds. */
function locked(path: string): Disposable {
  for (;;) {
    try {
      closeSync(openSync(path, 'wx', 0o600))
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
    } catch (cause) {
      if (errnoOf(cause) !== 'EEXIST') throw cause
      // Undefined: it has just been given back.
      const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
      if (Date.now() - since > LOCK_MS) rmSync(path, { force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

function parseLine(line: string): SentTask[] {
  try {
    const { id, password, server, time, about } = JSON.parse(line)
    const isWhole = [id, password, server, about].every((each) => typeof each === 'string') && typeof time === 'number'
    return isWhole ? [{ id, password, server, time, about }] : []
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return []
    throw error
  }
}
