/**
 * A task: a directory of the spool whose name is its id. Which files it holds is its state (docs/architecture.md, 'A
 * task's directory'); nothing about it is kept in memory. Refuses to run anything.
 */
import { existsSync, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { RetraceError } from '../errors/errors.ts'
import { errnoOf } from '../errors/errno.ts'
import { syncDirectory } from '../files/durable.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { isSamePassword } from './password.ts'

/** The three states of docs/design.txt, chapter 2.2. */
export type TaskState = 'PENDING' | 'FINISHED_SUCCESS' | 'FINISHED_FAILURE'

export class Task {
  readonly id: string
  readonly directory: string

  constructor(spoolDirectory: string, id: string) {
    this.id = id
    this.directory = join(spoolDirectory, id)
  }

  /** Absolute path of a file of the task, whether or not it exists. `name` is ours, never a caller's. */
  file(name: string): string {
    return join(this.directory, name)
  }

  /**
   * Looks itself, as all that a status needs does: the way to Node's threads and back costs many times what the look
   * does.
   */
  async has(name: string): Promise<boolean> {
    return await Promise.resolve(existsSync(this.file(name)))
  }

  /** Throws wrong-password unless `given` is the one that the 201 named; takes the same time for every wrong one. */
  async authorize(given: string | null | undefined): Promise<void> {
    const right = await this.#text('password')
    if (isSamePassword(given ?? '', right) && given) return
    throw new RetraceError('wrong-password', {
      detail: 'X-Task-Password is missing or is not the password of this task',
    })
  }

  /** `retrace-log` alone ends a task; `backtrace` beside it makes it a success. */
  async state(): Promise<TaskState> {
    if (!await this.has('retrace-log')) return 'PENDING'
    return await this.has('backtrace') ? 'FINISHED_SUCCESS' : 'FINISHED_FAILURE'
  }

  async manifest(): Promise<Manifest> {
    return await readManifest(this.directory)
  }

  /** When the upload was complete. */
  async created(): Promise<Date> {
    return new Date((await this.#text('created')).trim())
  }

  /**
   * Deletes the task. It is gone for every caller with the first step, a rename to a name that is no id; a server
   * killed after that deletes the rest when it starts again. Throws no-such-task when it was gone already. With
   * `isDurable` false a power cut may bring it back, which costs nobody anything who deletes what is old.
   */
  async remove({ isDurable = true }: { isDurable?: boolean } = {}): Promise<void> {
    const spoolDirectory = dirname(this.directory)
    const doomed = join(spoolDirectory, `removed-${this.id}-${randomBytes(6).toString('hex')}`)
    try {
      await rename(this.directory, doomed)
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') throw noSuchTask()
      throw cause
    }
    if (isDurable) await syncDirectory(spoolDirectory)
    await rm(doomed, { recursive: true, force: true, maxRetries: 3 })
  }

  async #text(name: string): Promise<string> {
    try {
      return await Promise.resolve(readFileSync(this.file(name), 'utf8'))
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') throw noSuchTask()
      throw cause
    }
  }
}

export function noSuchTask(): RetraceError {
  return new RetraceError('no-such-task', { detail: 'There is no such task, or not any more' })
}
