/**
 * What one client has of requests: how many are in work at once, and how many it took back lately. Connections are counted
 * elsewhere, but a trusted proxy's carry everybody's requests, and one of HTTP/2 carries a hundred. A client is who
 * RETRACE_TRUST_PROXY says that it is.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { Shares } from '../runner/shares.ts'
import { count } from '../text/count.ts'
import { clientKey } from './client_key.ts'
import type { Incoming, Outgoing } from './incoming.ts'
import { clientAddress, hopOf } from './proxy.ts'
import { TakenBack } from './taken_back.ts'

const RETRY_AFTER_S = 10
/** Of who asks without a proxy, for each connection that a client may have, on average: HTTP/2 carries more than one. */
const PER_CONNECTION = 10

type RequestsConfig = Pick<Config, 'maxConnectionsPerClient' | 'trustProxy'>

export class ClientRequests {
  readonly #config: RequestsConfig
  readonly #proxied: Shares
  readonly #direct: Shares
  readonly #takenBack = new TakenBack()

  constructor(config: RequestsConfig) {
    this.#config = config
    this.#proxied = new Shares(config.maxConnectionsPerClient)
    this.#direct = new Shares(config.maxConnectionsPerClient * PER_CONNECTION)
  }

  /** Counts a request until its answer is closed. Throws too-many-requests. */
  enter({ incoming, outgoing }: { incoming: Incoming; outgoing: Outgoing }): void {
    const hop = hopOf(incoming)
    const isProxied = this.#config.trustProxy.trusts(hop.address) && hop.forwardedFor !== undefined
    const client = clientKey(clientAddress(hop, this.#config.trustProxy))
    const shares = isProxied ? this.#proxied : this.#direct
    if (this.#takenBack.isTooMany(client)) {
      throw tooMany(`your address took back ${count(this.#takenBack.limit, 'request')} and more within a minute`, 60)
    }
    if (shares.isFull(client)) throw this.#tooManyAtOnce(isProxied)
    const share = shares.take(client)
    outgoing.once('close', () => {
      share[Symbol.dispose]()
      if (wasTakenBack(outgoing)) this.#takenBack.add(client)
    })
  }

  #tooManyAtOnce(isProxied: boolean): RetraceError {
    const { maxConnectionsPerClient: value } = this.#config
    const most = count(isProxied ? value : value * PER_CONNECTION, 'request')
    const setting = 'RETRACE_MAX_CONNECTIONS_PER_CLIENT'
    const named = isProxied ? setting : `${PER_CONNECTION} for each of ${setting}`
    return tooMany(`${most} of your address are being answered already (${named})`, RETRY_AFTER_S, {
      setting,
      value,
      unit: 'connections',
    })
  }
}

function tooMany(why: string, seconds: number, limit?: RetraceError['limit']): RetraceError {
  return new RetraceError('too-many-requests', {
    detail: `${why[0]?.toUpperCase()}${why.slice(1)}; try again in ${count(seconds, 'second')}`,
    ...(limit !== undefined && { limit }),
    headers: { 'Retry-After': String(seconds) },
  })
}

/** Its client went away, or reset it, before it had all of the answer. */
function wasTakenBack(outgoing: Outgoing): boolean {
  return 'stream' in outgoing ? outgoing.stream.aborted : !outgoing.writableFinished
}
