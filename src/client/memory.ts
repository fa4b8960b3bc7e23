/** Which tasks this person has sent: a private file, a line of JSON for each. Passwords are in it, and nobody else reads it. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
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
    replace(folder, [...sentTasks(folder), task].slice(-MAX_KEPT))
    return undefined
  } catch (cause) {
    return `${folder} cannot be written (${errnoOf(cause) ?? cause}): ${forgotten}`
  }
}

export function forget(folder: string | undefined, task: SentTask): void {
  if (folder === undefined) return
  replace(folder, sentTasks(folder).filter(({ id, server }) => id !== task.id || server !== task.server))
}

/** The task of this number, on the server that is named or else where it was sent last. Throws ClientFailure. */
export function taskNamed(folder: string | undefined, id: string, server: string | undefined): SentTask {
  const task = sentTasks(folder).findLast((each) => each.id === id && (server === undefined || each.server === server))
  if (task !== undefined) return task
  throw new ClientFailure(`No task ${id} was sent from here; 'retrace list' names those that were`, {
    exit: EXIT.usage,
  })
}

function replace(folder: string, tasks: readonly SentTask[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, NAME)
  writeFileSync(`${path}.new`, tasks.map((each) => `${JSON.stringify(each)}\n`).join(''), { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
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
