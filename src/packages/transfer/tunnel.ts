/**
 * The connection to a proxy on which tunnels are asked for (CONNECT, RFC 9110, chapter 9.3.6). A refusal keeps its
 * status here: undici only has a sentence with the number in it.
 */
import { type Dispatcher, Pool } from 'undici'

/** The proxy answered, and gives no tunnel. */
export class TunnelRefused extends Error {
  override name = 'TunnelRefused'
  readonly status: number

  constructor(status: number) {
    super(`The proxy answered ${status} to CONNECT`)
    this.status = status
  }
}

type Tunnel = Dispatcher.ConnectData<null>

/** Connections to one proxy; `connect()` rejects with TunnelRefused for every answer but 200. */
export class TunnelPool extends Pool {
  override connect(options: Dispatcher.ConnectOptions<null>): Promise<Tunnel>
  override connect(options: Dispatcher.ConnectOptions<null>, done: (error: Error | null, data: Tunnel) => void): void
  override connect(
    options: Dispatcher.ConnectOptions<null>,
    done?: (error: Error | null, data: Tunnel) => void,
  ): Promise<Tunnel> | void {
    if (done !== undefined) return super.connect(options, done)
    return super.connect(options).then((tunnel) => {
      if (tunnel.statusCode === 200) return tunnel
      tunnel.socket.on('error', () => undefined).destroy()
      throw new TunnelRefused(tunnel.statusCode)
    })
  }
}
