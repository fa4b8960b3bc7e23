/**
 * Requests of HTTP/2 that their client takes back: each costs us the work and the client a few bytes, so they are counted, and
 * a connection with too many within a minute is ended (ENHANCE_YOUR_CALM; RFC 9113, 10.5). A client that goes on so on new
 * connections is refused (http/client_requests.ts), and so is who does it through a trusted proxy, whose connections carry
 * everybody's requests.
 */
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Config } from '../config/config.ts'

/** Taken back within a minute on one connection. */
export const MAX_RESETS = 100
const WINDOW_MS = 60_000

/** `onTooMany` hears the address of a client whose connection is ended. */
export function boundResets(
  session: ServerHttp2Session,
  { trustProxy, onTooMany }: Pick<Config, 'trustProxy'> & { onTooMany: (address: string) => void },
): void {
  const address = session.socket.remoteAddress ?? '?'
  if (trustProxy.trusts(address)) return
  let since = Date.now()
  let resets = 0
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('aborted', () => {
      if (Date.now() - since > WINDOW_MS) [since, resets] = [Date.now(), 0]
      if (++resets !== MAX_RESETS + 1 || session.destroyed) return
      onTooMany(address)
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      session.destroy()
    })
  })
}
