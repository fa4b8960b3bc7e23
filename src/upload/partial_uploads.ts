/**
 * The uploads that arrive in parts: how many there may be, when each ends, and whose turn it is with one. A request that comes while
 * another one still reads takes over from it, since a client's view is that the older one has failed (the draft's 'Concurrency').
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { type PartialHead, partialName, PartialUpload } from '../spool/partial_upload.ts'
import type { Reservation } from '../spool/free_space.ts'
import type { Spool } from '../spool/spool.ts'
import { newPassword } from '../task/password.ts'
import type { Task } from '../task/task.ts'
import { MIB } from '../units/bytes.ts'

const RETRY_AFTER_S = 60
/** No timer of Node runs longer. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface PartialOptions {
  spool: Spool
  config: Pick<Config, 'maxPackedMb' | 'maxPartialUploads' | 'uploadLifeS'>
  /** Counts an upload of a client until it is disposed. Throws too-many-uploads, unless it is `known` from before. */
  share: (client: string, known?: 'known') => Disposable
}

/** One request's time with an upload; nobody else has it meanwhile. */
export interface Turn extends Disposable {
  readonly upload: PartialUpload
  readonly reservation: Reservation
  /** Aborts when another request takes over, which it may as long as `isReading` is true. */
  readonly stop: AbortSignal
  isReading: boolean
}

interface Entry {
  readonly upload: PartialUpload
  readonly reservation: Reservation
  readonly share: Disposable
  /** Unix milliseconds. */
  expires: number
  timer: ReturnType<typeof setTimeout> | undefined
  turn: { stop: AbortController; ended: Promise<void>; turn: Turn } | undefined
  isGone: boolean
}

export class PartialUploads {
  readonly #options: PartialOptions
  /** By the name of the directory. */
  readonly #entries = new Map<string, Entry>()

  private constructor(options: PartialOptions) {
    this.#options = options
  }

  /** Takes over what an earlier server left; what was over meanwhile is deleted. */
  static async open(options: PartialOptions): Promise<PartialUploads> {
    const uploads = new PartialUploads(options)
    for (const upload of await PartialUpload.all(options.spool.directory)) await uploads.#restore(upload)
    return uploads
  }

  /** Makes one, under an address that nobody can guess. Throws server-full, too-many-uploads, no-space. */
  async create(head: Omit<PartialHead, 'created'>): Promise<{ address: string; upload: PartialUpload }> {
    const { config, spool, share } = this.#options
    const incomplete = [...this.#entries.values()].filter(({ upload }) => upload.task === undefined).length
    if (incomplete >= config.maxPartialUploads) throw tooMany(config.maxPartialUploads)
    const ours = share(head.client)
    const address = newPassword()
    let reservation: Reservation | undefined
    try {
      reservation = spool.reserve(head.length ?? config.maxPackedMb * MIB)
      const upload = await PartialUpload.create(spool.directory, address, { ...head, created: Date.now() })
      this.#add(upload, { reservation, share: ours, expires: upload.head.created + config.uploadLifeS * 1000 })
      return { address, upload }
    } catch (cause) {
      reservation?.[Symbol.dispose]()
      ours[Symbol.dispose]()
      throw cause
    }
  }

  /**
   * Waits until the upload is free, and ends who reads into it; with `ends: 'all'` also who makes it a task, as long as that can be
   * ended. Throws no-such-upload.
   */
  async enter(address: string, { ends = 'reading' }: { ends?: 'reading' | 'all' } = {}): Promise<Turn> {
    const entry = this.#entries.get(partialName(address))
    while (entry?.turn !== undefined) {
      if (ends === 'all' || entry.turn.turn.isReading) entry.turn.stop.abort()
      await entry.turn.ended
    }
    if (entry === undefined || entry.isGone) throw noSuchUpload()
    return this.#turn(entry)
  }

  /** Seconds that an upload still has. */
  secondsLeft({ name }: PartialUpload): number {
    return Math.max(0, ((this.#entries.get(name)?.expires ?? 0) - Date.now()) / 1000)
  }

  /** The task that it has become; undefined: it has not, or the task is gone. */
  taskOf({ task }: PartialUpload): Task | undefined {
    return task === undefined ? undefined : this.#options.spool.known(task)
  }

  /** It has become a task: its address answers for a while, and it counts no more. Never throws: the next start tidies up. */
  async complete({ upload }: Turn): Promise<void> {
    const entry = this.#entries.get(upload.name)
    if (entry === undefined) return
    await upload.dropBody().catch(() => undefined)
    this.#release(entry)
    entry.expires = Date.now() + this.#options.config.uploadLifeS * 1000
    this.#watch(entry)
  }

  /** Deletes it; who has the turn calls this. */
  async remove({ upload }: Pick<Turn, 'upload'>): Promise<void> {
    const entry = this.#entries.get(upload.name)
    if (entry === undefined || entry.isGone) return
    entry.isGone = true
    this.#entries.delete(upload.name)
    clearTimeout(entry.timer)
    this.#release(entry)
    await upload.remove()
  }

  /** Ends what reads, so that what has come is on the disk; the next server goes on with it. */
  async close(): Promise<void> {
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.timer)
      entry.turn?.stop.abort()
    }
    await Promise.all([...this.#entries.values()].map(({ turn }) => turn?.ended))
  }

  #turn(entry: Entry): Turn {
    const stop = new AbortController()
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => end = resolve)
    const turn: Turn = {
      upload: entry.upload,
      reservation: entry.reservation,
      stop: stop.signal,
      isReading: true,
      [Symbol.dispose]: () => {
        entry.turn = undefined
        end()
      },
    }
    entry.turn = { stop, ended, turn }
    return turn
  }

  async #restore(upload: PartialUpload): Promise<void> {
    const { config, spool, share } = this.#options
    const expires = upload.head.created + config.uploadLifeS * 1000
    const task = this.taskOf(upload)
    if (upload.task !== undefined && task === undefined) await upload.forgetTask()
    if (expires <= Date.now()) return await upload.remove()
    if (task !== undefined) await upload.dropBody()
    const missing = task === undefined ? (upload.head.length ?? config.maxPackedMb * MIB) - upload.offset : 0
    const reservation = spool.restore(missing)
    const entry = this.#add(upload, { reservation, share: share(upload.head.client, 'known'), expires })
    if (task !== undefined) this.#release(entry)
  }

  #add(upload: PartialUpload, rest: Pick<Entry, 'reservation' | 'share' | 'expires'>): Entry {
    const entry: Entry = { upload, ...rest, timer: undefined, turn: undefined, isGone: false }
    this.#entries.set(upload.name, entry)
    this.#watch(entry)
    return entry
  }

  #watch(entry: Entry): void {
    clearTimeout(entry.timer)
    const wait = Math.min(MAX_TIMER_MS, Math.max(0, entry.expires - Date.now()))
    entry.timer = setTimeout(() => void this.#expire(entry), wait)
    entry.timer.unref()
  }

  /** What moves is not ended: a request that brings bytes is held to its own limits. */
  async #expire(entry: Entry): Promise<void> {
    await entry.turn?.ended
    if (entry.isGone) return
    if (entry.turn !== undefined || entry.expires > Date.now()) return this.#watch(entry)
    using turn = this.#turn(entry)
    await this.remove(turn).catch(() => undefined)
  }

  #release(entry: Entry): void {
    entry.reservation[Symbol.dispose]()
    entry.share[Symbol.dispose]()
  }
}

function noSuchUpload(): RetraceError {
  return new RetraceError('no-such-upload', {
    detail: 'There is no such upload, or none any more: it took too long (RETRACE_UPLOAD_LIFE_S), was ended, or failed',
  })
}

function tooMany(limit: number): RetraceError {
  return new RetraceError('server-full', {
    detail: `${limit} uploads in parts are not complete yet (RETRACE_MAX_PARTIAL_UPLOADS); try again in ` +
      `${RETRY_AFTER_S} seconds, or send it in one request`,
    limit: { setting: 'RETRACE_MAX_PARTIAL_UPLOADS', value: limit, unit: 'uploads' },
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
  })
}
