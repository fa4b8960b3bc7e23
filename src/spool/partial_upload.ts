/**
 * An upload that arrives in parts, as a directory of the spool under a name that is no task id: what its first request announced,
 * the bytes that are here, and how many of them are on the disk for good. That number alone counts after a restart. Which requests
 * may touch it, and when it ends, is not decided here.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { join } from 'node:path'
import { createPrivateFile, makePrivateDirectory, syncDirectory, writeNewFile } from '../files/durable.ts'
import { plainSize, readPlain } from '../files/plain.ts'
import type { ManifestKind } from '../task/manifest.ts'
import { MIB } from '../units/bytes.ts'
import { newRemovalName, PARTIAL } from './draft_name.ts'
import { outOfSpace, type Reservation } from './free_space.ts'

/** What the first request said, as it is kept: JSON in the file `head`. */
export interface PartialHead {
  readonly manifest: ManifestKind
  readonly packaging: 'tar' | 'core'
  readonly encoding: 'none' | 'gzip' | 'xz' | 'zstd'
  /** Bytes of the whole upload; undefined until a request says so. */
  readonly length?: number
  /** As the plan of an upload has it. */
  readonly rounds?: number
  /** Whose it is, as `clientKey` has it. */
  readonly client: string
  /** Unix milliseconds. */
  readonly created: number
}

/** Bytes, and milliseconds, that an upload may be ahead of what is on the disk. */
const SYNC_EVERY = 4 * MIB
const SYNC_MS = 2000
/** Of the small files; what is longer was not written by us. */
const MAX_NOTE = 4096

/** The name of the directory of an address: whoever reads the spool or a log learns no address from it. */
export function partialName(address: string): string {
  return `partial-${createHash('sha256').update(address).digest('hex').slice(0, 32)}`
}

export class PartialUpload {
  readonly #spoolDirectory: string
  readonly #name: string
  #head: PartialHead
  #offset: number
  #task: string | undefined

  private constructor(
    place: { spoolDirectory: string; name: string },
    state: { head: PartialHead; offset: number; task: string | undefined },
  ) {
    this.#spoolDirectory = place.spoolDirectory
    this.#name = place.name
    this.#head = state.head
    this.#offset = state.offset
    this.#task = state.task
  }

  /** A new one, on the disk when this resolves. Throws no-space. */
  static async create(spoolDirectory: string, address: string, head: PartialHead): Promise<PartialUpload> {
    const place = { spoolDirectory, name: partialName(address) }
    const upload = new PartialUpload(place, { head, offset: 0, task: undefined })
    try {
      await makePrivateDirectory(upload.#directory)
      await writeNewFile(upload.#file('body'), '')
      await writeNewFile(upload.#file('head'), JSON.stringify(head))
      await syncDirectory(upload.#directory)
      await syncDirectory(spoolDirectory)
      return upload
    } catch (cause) {
      await rm(upload.#directory, { recursive: true, force: true })
      throw outOfSpace(cause)
    }
  }

  /** Those of an earlier server; what of them makes no sense, since it was killed while it made one, is deleted. */
  static async all(spoolDirectory: string): Promise<PartialUpload[]> {
    const found: PartialUpload[] = []
    for (const name of (await readdir(spoolDirectory)).filter((each) => PARTIAL.test(each))) {
      const upload = PartialUpload.#read({ spoolDirectory, name })
      if (upload === undefined) await rm(join(spoolDirectory, name), { recursive: true, force: true, maxRetries: 3 })
      else found.push(upload)
    }
    return found
  }

  static #read(place: { spoolDirectory: string; name: string }): PartialUpload | undefined {
    const note = (name: string) => {
      const bytes = readPlain(join(place.spoolDirectory, place.name, name), { length: MAX_NOTE })
      return bytes && new TextDecoder().decode(bytes)
    }
    const [head, task] = [headOf(note('head')), note('task')]
    if (head === undefined) return undefined
    const size = plainSize(join(place.spoolDirectory, place.name, 'body'))
    const said = Number(note('offset') ?? 0)
    const offset = task !== undefined && size === undefined ? said : Math.min(said, size ?? 0)
    return new PartialUpload(place, { head, offset: Number.isSafeInteger(offset) ? offset : 0, task })
  }

  get name(): string {
    return this.#name
  }

  get head(): PartialHead {
    return this.#head
  }

  /** Bytes that are here and on the disk. */
  get offset(): number {
    return this.#offset
  }

  /** The id of the task that it becomes, or has become; undefined: none yet. */
  get task(): string | undefined {
    return this.#task
  }

  get body(): string {
    return this.#file('body')
  }

  /** Notes how long the whole will be. */
  async announceLength(length: number): Promise<void> {
    this.#head = { ...this.#head, length }
    await this.#note('head', JSON.stringify(this.#head))
  }

  /**
   * Appends what `chunks` brings. However that ends, what came before the end is here and on the disk when it settles.
   * Throws what `chunks` throws, and no-space.
   */
  async append(chunks: AsyncIterable<Uint8Array>, reservation: Reservation): Promise<void> {
    const handle = await open(this.#file('body'), 'r+')
    let end = this.#offset
    let synced = performance.now()
    try {
      await handle.truncate(end)
      for await (const chunk of chunks) {
        reservation.take(chunk.length)
        try {
          await writeAll(handle, chunk, end)
        } finally {
          reservation.settle(chunk.length)
        }
        end += chunk.length
        if (end - this.#offset < SYNC_EVERY && performance.now() - synced < SYNC_MS) continue
        await this.#settle(handle, end)
        synced = performance.now()
      }
    } catch (cause) {
      throw outOfSpace(cause)
    } finally {
      try {
        if (end > this.#offset) await this.#settle(handle, end)
      } finally {
        await handle.close()
      }
    }
  }

  /** Notes which task it is about to become, before that is there: after a kill in between, the task's directory decides. */
  async announceTask(id: string): Promise<void> {
    await this.#note('task', id)
    this.#task = id
  }

  /** It did not become that task. */
  async forgetTask(): Promise<void> {
    await rm(this.#file('task'), { force: true })
    this.#task = undefined
  }

  /** It is a task: its bytes are not needed any more. */
  async dropBody(): Promise<void> {
    await rm(this.#file('body'), { force: true })
  }

  /** Gone for everybody with the first step. */
  async remove(): Promise<void> {
    const doomed = join(this.#spoolDirectory, newRemovalName('upload'))
    await rename(this.#directory, doomed)
    await rm(doomed, { recursive: true, force: true, maxRetries: 3 })
  }

  get #directory(): string {
    return join(this.#spoolDirectory, this.#name)
  }

  #file(name: 'head' | 'body' | 'offset' | 'task'): string {
    return join(this.#directory, name)
  }

  async #settle(handle: FileHandle, end: number): Promise<void> {
    await handle.datasync()
    await this.#note('offset', String(end))
    this.#offset = end
  }

  /** Replaces a small file, on the disk when this resolves. */
  async #note(name: 'head' | 'offset' | 'task', text: string): Promise<void> {
    const path = this.#file(name)
    await rm(`${path}.new`, { force: true })
    const handle = await createPrivateFile(`${path}.new`)
    try {
      await handle.writeFile(text)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.new`, path)
    await syncDirectory(this.#directory)
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

function headOf(text: string | undefined): PartialHead | undefined {
  try {
    const head = JSON.parse(text ?? '') as PartialHead
    return typeof head.manifest === 'string' && Number.isSafeInteger(head.created) ? head : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
