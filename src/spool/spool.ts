/**
 * The spool: RETRACE_SPOOL_DIR and the task directories in it, the truth about every task (docs/architecture.md, rule
 * 1). Refuses to start in a directory that others can write to.
 */
import { statSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { geteuid } from 'node:process'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { RetraceError } from '../errors/errors.ts'
import { UsageError } from '../errors/usage_error.ts'
import { Draft } from './draft.ts'
import { errnoOf } from '../errors/errno.ts'
import { makeFolders } from '../files/folder.ts'
import { allBytes } from '../files/space.ts'
import { FreeSpace, type Reservation } from './free_space.ts'
import { listTasks, recoverSpool } from './recovery.ts'
import { noSuchTask, Task } from '../task/task.ts'
import { adviceOnOpen, isAnothers, isOpenToOthers } from './rights.ts'
import { isTaskId, skipTaskIds } from './task_ids.ts'

export class Spool {
  readonly directory: string
  readonly #database: Database
  readonly #space: FreeSpace
  /** Of the directory, when the server started. */
  readonly #identity: string | undefined

  private constructor(config: Pick<Config, 'spoolDir' | 'minFreeMb'>, database: Database) {
    this.directory = config.spoolDir
    this.#database = database
    this.#identity = identityOf(this.directory)
    this.#space = new FreeSpace(this.directory, config)
  }

  /** Makes the directory where there is none. Throws UsageError as makeSpool() does. */
  static async open(config: Pick<Config, 'spoolDir' | 'minFreeMb'>, database: Database): Promise<Spool> {
    await makeSpool(config.spoolDir)
    const spool = new Spool(config, database)
    const tasks = await spool.tasks()
    skipTaskIds(database, Number(tasks.at(-1)?.id ?? 0))
    return spool
  }

  /** Promises an upload the `bytes` that it announced. Throws no-space, spool-unavailable. */
  reserve(bytes: number): Reservation {
    if (identityOf(this.directory) !== this.#identity) throw spoolMoved(this.directory)
    return this.#space.reserve(bytes)
  }

  /** Promises an upload of an earlier server what is still to come of it. */
  restore(bytes: number): Reservation {
    return this.#space.restore(bytes)
  }

  /** What tasks may still write is kept from uploads; `bytes` gets the size of the whole file system. */
  keepForResults(bytes: (all: number) => number): void {
    this.#space.keep(() => bytes(allBytes(this.directory)))
  }

  /** Bytes that are free in the spool's file system. */
  free(): number {
    return this.#space.free()
  }

  /** A directory for an upload, gone unless committed; it takes the reservation over. */
  async draft(reservation: Reservation): Promise<Draft> {
    return await Draft.create(this.directory, { database: this.#database, reservation })
  }

  /** The task with this id as a caller wrote it. Throws no-such-task. */
  find(id: string): Task {
    if (!isTaskId(id)) throw noSuchTask()
    const task = new Task(join(this.directory, id))
    if (!task.has('password')) throw noSuchTask()
    return task
  }

  /** The task with this id; undefined: it has been deleted. */
  known(id: string): Task | undefined {
    const task = new Task(join(this.directory, id))
    return isTaskId(id) && task.has('password') ? task : undefined
  }

  /** All tasks, in the order in which they were accepted. */
  async tasks(): Promise<Task[]> {
    return await listTasks(this.directory)
  }

  /** Tasks that were accepted and have not ended, in the order in which they were accepted. */
  async unfinished(): Promise<Task[]> {
    return (await this.tasks()).filter((task) => !task.hasEnded())
  }

  /**
   * To be called once, before the first request: deletes what was left half-done and completes what was almost done.
   */
  async recover(): Promise<void> {
    await recoverSpool(this.directory)
  }
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() ? `${found.dev}:${found.ino}` : undefined
}

function spoolMoved(path: string): RetraceError {
  return new RetraceError('spool-unavailable', {
    detail: 'The spool of the server (RETRACE_SPOOL_DIR) was deleted or moved while it ran; its administrator has to ' +
      'put it back, or to start the server anew',
    headers: { 'Retry-After': '30' },
    cause: new Error(`The spool that the server opened is no longer at ${path}`),
  })
}

/** Makes the directory where there is none. Throws UsageError when it cannot be used or is not ours alone. */
export async function makeSpool(path: string): Promise<void> {
  try {
    if (makeFolders(path, 0o700).length > 0) await chmod(path, 0o700)
  } catch (cause) {
    throw new UsageError(`RETRACE_SPOOL_DIR (${path}) cannot be made: ${errnoOf(cause) ?? cause}`, { cause })
  }
  const { mode, uid } = await stat(path)
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  if (isOpenToOthers(mode)) {
    throw new UsageError(
      `RETRACE_SPOOL_DIR (${path}) can be written to by others (mode ${octal}): ${
        adviceOnOpen(path, mode)
      }, then start again`,
    )
  }
  if (isAnothers(uid)) {
    throw new UsageError(
      `RETRACE_SPOOL_DIR (${path}) belongs to user ${uid}, and the server runs as ${geteuid?.()}; run chown on it, then start again`,
    )
  }
}
