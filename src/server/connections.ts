/**
 * Which connections are open, and which goes when there are too many: of one client, or of all. The one that has been
 * idle longest goes, not the newest; one with a request in work never does. A trusted proxy's are not counted per client.
 */
import type { Socket } from 'node:net'
import type { Config } from '../config/config.ts'
import type { Incoming } from '../http/incoming.ts'
import { clientKey } from '../http/client_key.ts'

/** Connections at once. */
export const MAX_CONNECTIONS = 1000
/** Beyond those, for who asks from this machine: an administrator reaches /healthz of a full server. */
const MORE_FOR_LOOPBACK = 20

interface Connection {
  client: string
  socket: Socket
  /** Requests in work. */
  busy: number
}

/** Both ends of a TLS connection, its socket and the one beneath it, have these. */
type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>
type ConnectionsConfig = Pick<Config, 'maxConnectionsPerClient' | 'trustProxy'>

export class Connections {
  readonly #config: ConnectionsConfig
  /** By the peer's address and port; the longest idle first. */
  readonly #open = new Map<string, Connection>()
  readonly #perClient = new Map<string, number>()
  readonly #closed: (client: string) => void

  /** `closed` hears whose connection had to go. */
  constructor(config: ConnectionsConfig, closed: (client: string) => void) {
    this.#config = config
    this.#closed = closed
  }

  /** Counts a new connection until it closes; when that is one too many, an idle one is closed, or else this one. */
  opened(socket: Socket): void {
    const key = keyOf(socket)
    const client = clientKey(socket.remoteAddress ?? '?')
    this.#open.set(key, { client, socket, busy: 0 })
    const ofClient = (this.#perClient.get(client) ?? 0) + 1
    this.#perClient.set(client, ofClient)
    socket.once('close', () => this.#forget(key, client, socket))
    const isCounted = !this.#config.trustProxy.trusts(socket.remoteAddress)
    if (isCounted && ofClient > this.#config.maxConnectionsPerClient) this.#close(client)
    else if (this.#open.size > MAX_CONNECTIONS + (isLoopback(client) ? MORE_FOR_LOOPBACK : 0)) this.#close()
  }

  /** A request begins; the returned function says that its answer has ended. */
  works({ socket }: Pick<Incoming, 'socket'>): () => void {
    const key = keyOf(socket)
    const connection = this.#open.get(key)
    if (connection === undefined) return () => undefined
    connection.busy++
    return () => {
      connection.busy--
      // From now on it is the one that was idle for the shortest time.
      if (this.#open.get(key) === connection && this.#open.delete(key)) this.#open.set(key, connection)
    }
  }

  /** Closes the longest idle one, of `client` or of all. */
  #close(client?: string): void {
    let last: Connection | undefined
    for (const connection of this.#open.values()) {
      if (client !== undefined && connection.client !== client) continue
      last = connection
      if (connection.busy === 0) break
    }
    if (last === undefined) return
    this.#closed(last.client)
    last.socket.destroy()
  }

  /** The same port may be in use anew before the close of what had it is heard of. */
  #forget(key: string, client: string, socket: Socket): void {
    if (this.#open.get(key)?.socket === socket) this.#open.delete(key)
    const left = (this.#perClient.get(client) ?? 1) - 1
    if (left > 0) this.#perClient.set(client, left)
    else this.#perClient.delete(client)
  }
}

function keyOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`
}

function isLoopback(client: string): boolean {
  return client.startsWith('127.') || client === '0:0:0:0::/64'
}
