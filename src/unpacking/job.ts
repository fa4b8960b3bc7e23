/** One upload in a thread that unpacks: bytes from its port into the files of its draft, and how that ended. */
import type { MessagePort } from 'node:worker_threads'
import { DraftFiles } from '../spool/draft_files.ts'
import { LentRoom } from '../spool/lent_room.ts'
import { Bell } from '../stream/bell.ts'
import { unpack } from '../upload/unpack.ts'
import { type CarriedError, carry } from '../process/carried_error.ts'
import type { FromUnpack, Job, ToUnpack } from './messages.ts'

/** Stands for whatever ended the body: its reader knows. */
class BodyBroke extends Error {}

/** Never throws: what went wrong is told over `port`. */
export async function serve(port: MessagePort, { plan, directory, config, programs, room: bytes }: Job): Promise<void> {
  const tell = (message: FromUnpack) => port.postMessage(message)
  const body = new PortBody((taken) => tell({ kind: 'taken', bytes: taken }))
  let give: ((bytes: number) => void) | undefined
  let isAlone = false
  port.on('message', (message: ToUnpack) => {
    if (message.kind === 'room') give?.(message.bytes)
    else body.add(message)
  })
  // The server's side has given it up, or has ended: nobody brings more, and nobody waits for what becomes of it.
  port.on('close', () => {
    isAlone = true
    body.add({ kind: 'broken' })
    give?.(0)
  })
  const room = new LentRoom(bytes, {
    minFreeMb: config.minFreeMb,
    more: (wanted) =>
      new Promise<number>((resolve) => {
        if (isAlone) return resolve(0)
        give = resolve
        tell({ kind: 'more', wanted })
      }),
    settled: (settled) => tell({ kind: 'settled', bytes: settled }),
  })
  let failure: CarriedError | 'body' | undefined
  try {
    await using files = new DraftFiles(directory, room)
    await unpack(body.chunks(), { plan, files }, { config, programs, onCore: () => tell({ kind: 'core' }) })
    await files.settled()
  } catch (cause) {
    failure = cause instanceof BodyBroke ? 'body' : carry(cause)
  }
  tell({ kind: 'over', failure, settled: room.untold, left: room.left })
  port.close()
}

/** The body as it comes through a port. */
class PortBody {
  readonly #queue: Exclude<ToUnpack, { kind: 'room' }>[] = []
  readonly #bell = new Bell()
  readonly #taken: (bytes: number) => void

  constructor(taken: (bytes: number) => void) {
    this.#taken = taken
  }

  add(message: Exclude<ToUnpack, { kind: 'room' }>): void {
    this.#queue.push(message)
    this.#bell.ring()
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#queue.shift()
      if (next === undefined) {
        await this.#bell.heard()
        continue
      }
      if (next.kind === 'end') return
      if (next.kind === 'broken') throw new BodyBroke()
      const { length } = next.bytes
      yield next.bytes
      this.#taken(length)
    }
  }
}
