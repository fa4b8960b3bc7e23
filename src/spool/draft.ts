/**
 * A task while its upload arrives: a directory under a name that is no task id, gone unless it is committed.
 * An upload that was cut, refused or killed leaves nothing that could be taken for a task.
 */
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from '../database/database.ts'
import type { CoreFile } from './core_file.ts'
import { DraftFiles } from './draft_files.ts'
import { newDraftName } from './draft_name.ts'
import { makePrivateDirectory, syncDirectory } from '../files/durable.ts'
import { outOfSpace, type Reservation } from './free_space.ts'
import type { TaskFile } from '../task/files.ts'
import type { ManifestKind } from '../task/manifest.ts'
import { newPassword } from '../task/password.ts'
import { Task } from '../task/task.ts'
import { removeTask } from './removal.ts'
import { nextTaskId } from './task_ids.ts'

/** A task that has just come to be, and the only time that its password is told. */
export interface Accepted {
  id: string
  password: string
  task: Task
}

export class Draft implements AsyncDisposable {
  readonly directory: string
  readonly #database: Database
  /** What it may take of the disk. */
  readonly reservation: Reservation
  readonly #files: DraftFiles
  #isCommitted = false

  private constructor(directory: string, options: { database: Database; reservation: Reservation }) {
    this.directory = directory
    this.#database = options.database
    this.reservation = options.reservation
    this.#files = new DraftFiles(directory, options.reservation)
  }

  static async create(
    spoolDirectory: string,
    options: { database: Database; reservation: Reservation },
  ): Promise<Draft> {
    const draft = new Draft(join(spoolDirectory, newDraftName()), options)
    try {
      await makePrivateDirectory(draft.directory)
      return draft
    } catch (cause) {
      await draft[Symbol.asyncDispose]()
      throw outOfSpace(cause)
    }
  }

  /** Absolute path of a file of the draft, whether or not it exists. */
  file(name: TaskFile): string {
    return join(this.directory, name)
  }

  /** The file that the core is written to; called once. */
  async core(): Promise<CoreFile> {
    return await this.#files.core()
  }

  /** Begins to write a small file that has been checked; `commit` waits for it. Throws no-space. */
  async write(name: TaskFile, content: string | Uint8Array): Promise<void> {
    await this.#files.write(name, content)
  }

  /**
   * Makes the draft a task: when it returns, everything is on the disk under the task's id.
   * `announce` is told the id before the task is there. Throws database-unavailable, and what the file system says.
   */
  async commit(manifest: ManifestKind, announce?: (id: string) => Promise<void>): Promise<Accepted> {
    const password = newPassword()
    await this.write('manifest', `${manifest}\n`)
    await this.write('password', password)
    await this.write('created', `${new Date().toISOString()}\n`)
    await this.#files.settled()
    await syncDirectory(this.directory)
    const spoolDirectory = dirname(this.directory)
    const id = String(await nextTaskId(this.#database))
    await announce?.(id)
    const task = new Task(join(spoolDirectory, id))
    await rename(this.directory, task.directory)
    this.#isCommitted = true
    try {
      await syncDirectory(spoolDirectory)
    } catch (cause) {
      await removeTask(task)
      throw cause
    }
    return { id, password, task }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#files[Symbol.asyncDispose]()
      if (!this.#isCommitted) await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
    } finally {
      this.reservation[Symbol.dispose]()
    }
  }
}
