/**
 * A core while it arrives: written once, at most a few MiB in memory, its runs of zeros left out as holes whatever form
 * they came in, every block paid for before it is written. How the core was packed, it does not
 * know.
 */
import { writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Buffer } from 'node:buffer'
import { createPrivateFile } from '../files/durable.ts'
import { outOfSpace, type Room } from './free_space.ts'
import { KIB, MIB } from '../units/bytes.ts'

/** What file systems allocate at once: a hole is never smaller. */
export const BLOCK = 4096
const ZEROS = Buffer.alloc(256 * KIB)

/** Neighbouring pieces are gathered up to this size; smaller gatherings are written at once, larger ones beside us. */
const GATHER = 512 * KIB
const SMALL = 64 * KIB
/** What a gathering costs at most, since it may begin within a block. */
const DEAREST = GATHER + BLOCK
const MAX_WRITES_AT_ONCE = 3
/** Written bytes after which the disk is set to work, so that the fsync at the end finds little left to do. */
const SYNC_EVERY = 32 * MIB

export class CoreFile implements AsyncDisposable {
  readonly #handle: FileHandle
  readonly #room: Room
  /**
   * Pieces are copied here, so that what they came in is free at once: kept until it is written, it would grow old in
   * the collector's eyes, and collecting it costs more than the copy.
   */
  #gathered: Buffer = Buffer.allocUnsafeSlow(GATHER)
  readonly #spare: Buffer[] = []
  #gatheredStart = 0
  #gatheredLength = 0
  /** First block that was not paid for; everything below it was, or is a hole. */
  #paidUpTo = 0
  readonly #writes = new Set<Promise<void>>()
  #sync: Promise<void> | undefined
  #unsynced = 0
  #failure: unknown
  #isOpen = true

  private constructor(handle: FileHandle, room: Room) {
    this.#handle = handle
    this.#room = room
  }

  static async create(path: string, room: Room): Promise<CoreFile> {
    return new CoreFile(await createPrivateFile(path), room)
  }

  /**
   * Takes the bytes of the core from `position` on; positions only grow. `chunk` is the caller's again afterwards.
   * Throws no-space.
   */
  async write(chunk: Uint8Array, position: number): Promise<void> {
    for (const { start, end } of dataRuns(chunk, position)) {
      for (let at = start; at < end;) {
        const room = this.#room.request(DEAREST)
        if (room !== undefined) await room
        at += this.#gather(chunk.subarray(at, end), position + at)
        while (this.#writes.size >= MAX_WRITES_AT_ONCE) await Promise.race(this.#writes)
      }
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Ends the file at `size` bytes, of which the last may be a hole, and returns once all of it is on the disk. */
  async finish(size: number): Promise<void> {
    await this.#room.request(DEAREST)
    this.#flush()
    await Promise.all(this.#writes)
    await this.#sync
    if (this.#failure !== undefined) throw this.#failure
    try {
      await this.#handle.truncate(size)
      await this.#handle.sync()
    } catch (cause) {
      throw outOfSpace(cause)
    }
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await Promise.all(this.#writes)
    await this.#sync
    await this.#handle.close()
  }

  /** Copies as much of a piece as there is room for; returns how much. */
  #gather(piece: Uint8Array, position: number): number {
    if (!this.#bridge(position)) {
      this.#flush()
      this.#gatheredStart = position
    }
    const length = Math.min(piece.length, GATHER - this.#gatheredLength)
    this.#gathered.set(piece.subarray(0, length), this.#gatheredLength)
    this.#gatheredLength += length
    return length
  }

  /**
   * Goes on gathering at `position`, with zeros up to there, where no whole block lies between: the file has those blocks anyhow, and
   * a write for each of many small parts would cost more than what they hold. False where it cannot.
   */
  #bridge(position: number): boolean {
    const end = this.#gatheredStart + this.#gatheredLength
    if (Math.floor(position / BLOCK) > Math.ceil(end / BLOCK)) return false
    const length = position - this.#gatheredStart
    if (length >= GATHER) return false
    this.#gathered.fill(0, this.#gatheredLength, length)
    this.#gatheredLength = length
    return true
  }

  #flush(): void {
    const start = this.#gatheredStart
    const content = this.#gathered.subarray(0, this.#gatheredLength)
    this.#gatheredStart += content.length
    this.#gatheredLength = 0
    if (content.length === 0 || this.#failure !== undefined) return
    const price = this.#pay(start, content.length)
    if (content.length < SMALL) {
      this.#writeNow(content, start)
      this.#room.settle(price)
    } else {
      const buffer = this.#gathered
      const write = this.#writeBeside(content, start).finally(() => {
        this.#room.settle(price)
        this.#writes.delete(write)
        this.#spare.push(buffer)
      })
      this.#writes.add(write)
      this.#gathered = this.#spare.pop() ?? Buffer.allocUnsafeSlow(GATHER)
    }
    this.#unsynced += content.length
    if (this.#unsynced >= SYNC_EVERY && this.#sync === undefined) this.#startSync()
  }

  /** Pays for the blocks that a write touches for the first time. Throws no-space. */
  #pay(start: number, length: number): number {
    const first = Math.max(Math.floor(start / BLOCK), this.#paidUpTo)
    const end = Math.ceil((start + length) / BLOCK)
    this.#room.take((end - first) * BLOCK)
    this.#paidUpTo = end
    return (end - first) * BLOCK
  }

  /** Synchronous: a few pages into the page cache take less time than the way to another thread. */
  #writeNow(content: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < content.length;) {
        done += writeSync(this.#handle.fd, content, done, content.length - done, position + done)
      }
    } catch (cause) {
      throw outOfSpace(cause)
    }
  }

  async #writeBeside(content: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < content.length;) {
        done += (await this.#handle.write(content, done, content.length - done, position + done)).bytesWritten
      }
    } catch (cause) {
      this.#failure ??= outOfSpace(cause)
    }
  }

  #startSync(): void {
    this.#unsynced = 0
    this.#sync = this.#handle.datasync()
      .catch((cause) => void (this.#failure ??= outOfSpace(cause)))
      .then(() => void (this.#sync = undefined))
  }
}

/**
 * The parts of `chunk` that have to be written when it lies at `position` of a file: all but the blocks that are zero.
 * Blocks count from the beginning of the file; a zero part of a block that the chunk holds in part is left out, too.
 */
export function* dataRuns(chunk: Uint8Array, position: number): Generator<{ start: number; end: number }> {
  let start = -1
  let end: number
  for (let at = 0; at < chunk.length; at = end) {
    end = Math.min(chunk.length, at + BLOCK - (position + at) % BLOCK)
    if (!isZero(chunk, at, end)) {
      if (start < 0) start = at
    } else if (start >= 0) {
      yield { start, end: at }
      start = -1
    }
  }
  if (start >= 0) yield { start, end: chunk.length }
}

function isZero(chunk: Uint8Array, start: number, end: number): boolean {
  if (chunk[start] !== 0 || chunk[end - 1] !== 0) return false
  return ZEROS.compare(chunk, start, end, 0, end - start) === 0
}
