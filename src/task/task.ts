/**
 * A task: a directory of the spool whose name is its id. Which files it holds is its state (state.ts); nothing about it
 * is kept in memory. All reads are synchronous, also on the server's event loop: the way to Node's threads and back
 * costs many times what such a look does.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RetraceError } from '../errors/errors.ts'
import { readPlain } from '../files/plain.ts'
import type { TaskFile } from './files.ts'
import { stateOf, type TaskState } from './state.ts'

export class Task {
  /** Absolute; other programs may rename or remove it at any time. */
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** The directory's name: the task's number, where a server made it. */
  get id(): string {
    return basename(this.directory)
  }

  /** Absolute path of a file of the task, whether or not it exists. */
  file(name: TaskFile): string {
    return join(this.directory, name)
  }

  /** Whether the task has not been deleted. */
  exists(): boolean {
    return existsSync(this.directory)
  }

  has(name: TaskFile): boolean {
    return existsSync(this.file(name))
  }

  state(): TaskState {
    return stateOf((name) => this.has(name))
  }

  /** Whether nothing is left to do but to tidy up. */
  hasEnded(): boolean {
    return this.state() !== 'PENDING'
  }

  /** The text of a small file, or undefined when there is none; a folder, a link or a pipe of its name is none. */
  text(name: TaskFile): string | undefined {
    const bytes = readPlain(this.file(name))
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }

  /** When the upload was complete; undefined where the file says no time. */
  created(): Date | undefined {
    const time = Date.parse(this.text('created')?.trim() ?? '')
    return Number.isNaN(time) ? undefined : new Date(time)
  }
}

export function noSuchTask(): RetraceError {
  return new RetraceError('no-such-task', { detail: 'There is no such task, or not any more' })
}
