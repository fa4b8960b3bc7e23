/** A thread that unpacks, as the server's thread sees it: it takes uploads until it ends, whatever ends it. */
import { MessageChannel, Worker } from 'node:worker_threads'
import { errnoOf } from '../errors/errno.ts'
import { RetraceError } from '../errors/errors.ts'
import type { UnpackerOptions, Upload } from '../upload/receive.ts'
import { Carriage } from './carriage.ts'
import { unpackError } from '../process/carried_error.ts'
import type { FromUnpack, Job, Over } from './messages.ts'

/** A parser of headers and a few chunks for each upload; cores pass through. In MiB. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 }

export class UnpackThread {
  readonly #worker: Worker
  readonly #losses = new Set<(cause: Error) => void>()
  #error: Error | undefined
  #hasEnded = false
  #isWanted = true
  #hasServed = false

  /** `entry`: path of main.ts, compiled. `onEnd`: it takes no more uploads. */
  constructor(entry: string, onEnd: (thread: UnpackThread) => void) {
    this.#worker = new Worker(entry, { name: 'unpack', resourceLimits: HEAP, env: {}, argv: [], execArgv: [] })
    this.#worker.on('error', (error) => this.#error = error)
    this.#worker.on('exit', () => {
      this.#hasEnded = true
      onEnd(this)
      for (const lose of this.#losses) lose(this.#error ?? new Error('The thread has ended'))
    })
    // It keeps nobody from ending who has nothing else to do.
    this.#worker.unref()
  }

  /** How many uploads it unpacks now. */
  get load(): number {
    return this.#losses.size
  }

  /** Whether it ended by itself, and had brought no upload to its end; of what one holds it may die, and others start. */
  get isBroken(): boolean {
    const isOutOfHeap = errnoOf(this.#error) === 'ERR_WORKER_OUT_OF_MEMORY'
    return this.#isWanted && this.#hasEnded && !this.#hasServed && !isOutOfHeap
  }

  /** Unpacks as unpack() does, with its failures. Throws unpacking-failed where the thread ends before. */
  async unpack(chunks: AsyncIterable<Uint8Array>, { plan, draft }: Upload, options: UnpackerOptions): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    const { maxUnpackedMb, maxFileKb, minFreeMb } = options.config
    const { reservation, directory } = draft
    const config = { maxUnpackedMb, maxFileKb, minFreeMb }
    const job: Job = { plan, directory, config, programs: options.programs, room: reservation.lend() }
    const carriage = new Carriage(port1)
    let lose: ((cause: Error) => void) | undefined
    try {
      const over = await new Promise<Over>((resolve, reject) => {
        lose = (cause) => reject(unpackingFailed(cause))
        this.#losses.add(lose)
        if (this.#hasEnded) return lose(this.#error ?? new Error('The thread has ended'))
        const hear = (message: FromUnpack) => {
          switch (message.kind) {
            case 'core':
              return options.onCore?.()
            case 'taken':
              return carriage.taken(message.bytes)
            case 'more':
              return port1.postMessage({ kind: 'room', bytes: reservation.lendMore(message.wanted) })
            case 'settled':
              return reservation.settle(message.bytes)
            case 'over':
              return resolve(message)
          }
        }
        port1.on('message', (message: FromUnpack) => {
          try {
            hear(message)
          } catch (cause) {
            reject(cause)
          }
        })
        this.#worker.postMessage({ port: port2, job }, [port2])
        void carriage.send(chunks)
      })
      this.#hasServed = true
      reservation.settle(over.settled)
      reservation.giveBack(over.left)
      if (over.failure === 'body') throw carriage.failure
      if (over.failure !== undefined) throw unpackError(over.failure)
    } finally {
      if (lose !== undefined) this.#losses.delete(lose)
      carriage.stop()
      port1.close()
    }
  }

  /** Ends it; uploads that it has are lost. */
  async end(): Promise<void> {
    this.#isWanted = false
    await this.#worker.terminate()
  }
}

function unpackingFailed(cause: Error): RetraceError {
  return new RetraceError('unpacking-failed', {
    detail: 'What unpacks uploads on the server ended before this one was complete; send it again',
    headers: { 'Retry-After': '5' },
    cause,
  })
}
