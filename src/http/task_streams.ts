/**
 * How many streams of a task's events there are at once, and on one connection: each costs memory for as long as its reader
 * likes, and one connection of HTTP/2 carries a hundred.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { Shares } from '../runner/shares.ts'
import { count } from '../text/count.ts'
import type { Incoming, Outgoing } from './incoming.ts'

const RETRY_AFTER_S = 10

export class TaskStreams {
  readonly #limit: number
  readonly #shares: Shares

  constructor({ maxStreamsPerTask }: Pick<Config, 'maxStreamsPerTask'>) {
    this.#limit = maxStreamsPerTask
    this.#shares = new Shares(maxStreamsPerTask)
  }

  /** Counts a stream until its answer is closed. Throws too-many-streams. */
  enter(task: string, { incoming: { socket }, outgoing }: { incoming: Incoming; outgoing: Outgoing }): void {
    const all = [`task ${task}`, `connection ${socket.remoteAddress} ${socket.remotePort}`]
    if (all.some((each) => this.#shares.isFull(each))) {
      throw new RetraceError('too-many-streams', {
        detail: `This task, or this connection, has ${count(this.#limit, 'stream')} of events already ` +
          `(RETRACE_MAX_STREAMS_PER_TASK); try again in ${RETRY_AFTER_S} seconds, or ask for the status`,
        limit: { setting: 'RETRACE_MAX_STREAMS_PER_TASK', value: this.#limit, unit: 'streams' },
        headers: { 'Retry-After': String(RETRY_AFTER_S) },
      })
    }
    for (const each of all) {
      const share = this.#shares.take(each)
      outgoing.once('close', () => share[Symbol.dispose]())
    }
  }
}
