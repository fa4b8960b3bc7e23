/**
 * The files of a task while its upload arrives: the core as it comes, small ones beside it. Whose directory it is, and what
 * becomes of it, the draft decides (draft.ts); this may be another thread than the draft's.
 */
import { join } from 'node:path'
import { writeNewFile } from '../files/durable.ts'
import type { TaskFile } from '../task/files.ts'
import { BLOCK, CoreFile } from './core_file.ts'
import { outOfSpace, type Room } from './free_space.ts'

export class DraftFiles implements AsyncDisposable {
  readonly #directory: string
  readonly #room: Room
  #core: CoreFile | undefined
  readonly #writes: Promise<void>[] = []
  #failure: unknown

  constructor(directory: string, room: Room) {
    this.#directory = directory
    this.#room = room
  }

  /** The file that the core is written to; called once. */
  async core(): Promise<CoreFile> {
    this.#core = await CoreFile.create(join(this.#directory, 'coredump'), this.#room)
    return this.#core
  }

  /** Begins to write a small file that has been checked; `settled` waits for it. Throws no-space. */
  async write(name: TaskFile, content: string | Uint8Array): Promise<void> {
    const price = Math.ceil(content.length / BLOCK) * BLOCK
    const room = this.#room.request(price)
    if (room !== undefined) await room
    this.#room.take(price)
    const write = writeNewFile(join(this.#directory, name), content)
      .catch((cause) => void (this.#failure ??= outOfSpace(cause)))
      .finally(() => this.#room.settle(price))
    this.#writes.push(write)
  }

  /** Returns once everything is on the disk. Throws no-space, and what the file system says. */
  async settled(): Promise<void> {
    await this[Symbol.asyncDispose]()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Returns once nothing is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#core?.[Symbol.asyncDispose]()
    await Promise.all(this.#writes)
  }
}
