/**
 * How many streams of a task's events there are at once, on one connection, and of one client: each costs memory for as long as
 * its reader likes, and one connection of HTTP/2 carries a hundred. A trusted proxy's connection carries those of all.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { Shares } from '../runner/shares.ts'
import { count } from '../text/count.ts'
import { clientKey } from './client_key.ts'
import type { Incoming, Outgoing } from './incoming.ts'
import { clientAddress, hopOf } from './proxy.ts'

const RETRY_AFTER_S = 10

type StreamsConfig = Pick<Config, 'maxStreamsPerTask' | 'maxConnectionsPerClient' | 'trustProxy'>

/** What streams are counted by, and whose limit that is. */
interface Counted {
  what: string
  key: string
  shares: Shares
  setting: string
  value: number
}

export class TaskStreams {
  readonly #config: StreamsConfig
  /** By task, and by connection. */
  readonly #shares: Shares
  readonly #ofClients: Shares

  constructor(config: StreamsConfig) {
    this.#config = config
    this.#shares = new Shares(config.maxStreamsPerTask)
    this.#ofClients = new Shares(config.maxConnectionsPerClient)
  }

  /** Counts a stream until its answer is closed. Throws too-many-streams. */
  enter(task: string, { incoming, outgoing }: { incoming: Incoming; outgoing: Outgoing }): void {
    const all = this.#countedBy(task, incoming)
    const full = all.find(({ shares, key }) => shares.isFull(key))
    if (full !== undefined) {
      const { what, setting, value } = full
      throw new RetraceError('too-many-streams', {
        detail: `${what} has ${count(value, 'stream')} of events already ` +
          `(${setting}); try again in ${RETRY_AFTER_S} seconds, or ask for the status`,
        limit: { setting, value, unit: 'streams' },
        headers: { 'Retry-After': String(RETRY_AFTER_S) },
      })
    }
    for (const { shares, key } of all) {
      const share = shares.take(key)
      outgoing.once('close', () => share[Symbol.dispose]())
    }
  }

  #countedBy(task: string, incoming: Incoming): Counted[] {
    const { maxStreamsPerTask, maxConnectionsPerClient, trustProxy } = this.#config
    const hop = hopOf(incoming)
    const { remoteAddress, remotePort } = incoming.socket
    const own = { shares: this.#shares, setting: 'RETRACE_MAX_STREAMS_PER_TASK', value: maxStreamsPerTask }
    const isProxy = trustProxy.trusts(remoteAddress)
    return [
      { ...own, what: 'This task', key: `task ${task}` },
      ...(isProxy ? [] : [{ ...own, what: 'This connection', key: `connection ${remoteAddress} ${remotePort}` }]),
      {
        what: 'Your address',
        key: clientKey(clientAddress(hop, trustProxy)),
        shares: this.#ofClients,
        setting: 'RETRACE_MAX_CONNECTIONS_PER_CLIENT',
        value: maxConnectionsPerClient,
      },
    ]
  }
}
