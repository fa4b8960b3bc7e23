/**
 * Results in the codings that clients ask for: each is made once, by whoever asks first, and kept beside the result, so that
 * the next one costs what a plain file costs. Few are made at once; who would have to wait behind many, or where the disk has
 * no room to keep one, gets the result as it is. Memory holds pieces of 64 KiB, never a whole one.
 */
import { lstatSync, rmSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import PQueue from 'p-queue'
import type { Config } from '../config/config.ts'
import { errnoOf } from '../errors/errno.ts'
import { createPrivateFile, syncDirectory } from '../files/durable.ts'
import { freeBytes } from '../files/space.ts'
import { coderFor, type Coding, ENDINGS } from '../stream/coding.ts'
import { readFileChunks } from '../stream/file.ts'
import type { CodedResult, Result } from '../task/files.ts'
import type { Task } from '../task/task.ts'
import { appear, partialOf } from '../task/write.ts'
import { log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { MIB } from '../units/bytes.ts'

/** Made at once: each takes a thread of Node's four, on which the server reads and writes, too. */
export const MAX_MADE = 2
/** That wait for those: more results of different tasks than these are sent as they are. */
export const MAX_WAITING = 64

export interface ResultSource {
  /** As it is. */
  readonly path: string
  /** Whether it changes no more. */
  isFinal(): boolean
  /** See CodedResults. */
  kept(coding: Coding): string | undefined
  get(coding: Coding, gone: AbortSignal): Promise<string | undefined>
}

interface Making {
  readonly done: Promise<boolean>
  readonly abort: AbortController
  /** Who waits for it. */
  readers: number
}

export class CodedResults {
  readonly #minFreeBytes: number
  readonly #codings: Metrics['codings']
  readonly #queue = new PQueue({ concurrency: MAX_MADE })
  /** By the path of what is made. */
  readonly #making = new Map<string, Making>()

  constructor({ config, metrics }: { config: Pick<Config, 'minFreeMb'>; metrics: Pick<Metrics, 'codings'> }) {
    this.#minFreeBytes = config.minFreeMb * MIB
    this.#codings = metrics.codings
  }

  /** A result of a task, and what it is in a coding. */
  of(task: Task, result: Result): ResultSource {
    return {
      path: task.file(result),
      isFinal: () => task.hasEnded(),
      kept: (coding) => this.kept(task, result, coding),
      get: (coding, gone) => this.get(task, { result, coding, gone }),
    }
  }

  /** The copy that is here; undefined: it would have to be made. */
  kept(task: Task, result: Result, coding: Coding): string | undefined {
    const copy = task.file(nameOf(result, coding))
    return isOf(copy, task.file(result)) ? copy : undefined
  }

  /**
   * The path of a copy, made now where there is none; undefined: it is sent as it is. Making one ends when all who wait for
   * it have `gone`. Never throws.
   */
  async get(task: Task, { result, coding, gone }: Wanted): Promise<string | undefined> {
    const kept = this.kept(task, result, coding)
    if (kept !== undefined) {
      this.#codings.inc({ from: 'kept' })
      return kept
    }
    const copy = task.file(nameOf(result, coding))
    // What was given up by all others while this one came is begun anew.
    for (let tries = 0; tries < 2 && !gone.aborted; tries++) {
      const making = this.#making.get(copy) ?? this.#begin(task, result, coding)
      if (making === undefined) break
      if (await waitFor(making, gone)) return copy
      if (!making.abort.signal.aborted) break
    }
    this.#codings.inc({ from: 'plain' })
    return undefined
  }

  /** Undefined: there is no room, here or on the disk. */
  #begin(task: Task, result: Result, coding: Coding): Making | undefined {
    const size = lstatSync(task.file(result), { throwIfNoEntry: false })?.size
    if (size === undefined || this.#queue.size >= MAX_WAITING) return undefined
    if (freeBytes(task.directory) < size + this.#minFreeBytes) return undefined
    const copy = task.file(nameOf(result, coding))
    const abort = new AbortController()
    const done = this.#queue.add(async () => {
      if (abort.signal.aborted) return false
      try {
        return await make(task, { result, coding, signal: abort.signal })
      } catch (cause) {
        // The task was deleted, or nobody waits any more.
        if (!abort.signal.aborted && errnoOf(cause) !== 'ENOENT') {
          log('http').warning(`Could not compress ${result}: ${cause instanceof Error ? cause.message : cause}`, {
            task: task.id,
          })
        }
        return false
      } finally {
        this.#making.delete(copy)
      }
    }).then((isMade) => {
      if (isMade === true) this.#codings.inc({ from: 'made' })
      return isMade === true
    })
    const making = { done, abort, readers: 0 }
    this.#making.set(copy, making)
    return making
  }
}

export interface Wanted {
  result: Result
  coding: Coding
  /** Aborts when the client has gone. */
  gone: AbortSignal
}

function nameOf(result: Result, coding: Coding): CodedResult {
  return `${result}.${ENDINGS[coding]}`
}

/** Whether a copy is no older than its result, which a rerun or an administrator may have replaced. */
function isOf(copy: string, plain: string): boolean {
  const [made, result] = [copy, plain].map((path) => lstatSync(path, { bigint: true, throwIfNoEntry: false }))
  return made?.isFile() === true && result !== undefined && made.mtimeNs >= result.mtimeNs
}

async function waitFor(making: Making, gone: AbortSignal): Promise<boolean> {
  making.readers++
  const leave = () => {
    if (--making.readers === 0) making.abort.abort()
  }
  gone.addEventListener('abort', leave, { once: true })
  try {
    return await making.done
  } finally {
    gone.removeEventListener('abort', leave)
  }
}

/** False: the result was replaced meanwhile. Half of one goes. */
async function make(
  task: Task,
  { result, coding, signal }: { result: Result; coding: Coding; signal: AbortSignal },
): Promise<boolean> {
  const plain = task.file(result)
  const name = nameOf(result, coding)
  const partial = partialOf(task, name)
  const before = identityOf(plain)
  rmSync(partial, { force: true })
  try {
    {
      const file = await createPrivateFile(partial)
      try {
        const source = Readable.from(readFileChunks(plain), { objectMode: false })
        await pipeline(source, coderFor(coding) as Writable & Readable, async (pieces: AsyncIterable<Uint8Array>) => {
          for await (const piece of pieces) await file.appendFile(piece)
        }, { signal })
        await file.sync()
      } finally {
        await file.close()
      }
    }
    if (identityOf(plain) !== before) return false
    appear(task, name)
  } finally {
    rmSync(partial, { force: true })
  }
  await syncDirectory(task.directory)
  return isOf(task.file(name), plain)
}

function identityOf(path: string): string {
  const found = lstatSync(path, { bigint: true })
  return `${found.ino} ${found.size} ${found.mtimeNs}`
}
