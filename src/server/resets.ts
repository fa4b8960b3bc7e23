/**
 * Requests of HTTP/2 that their client takes back: each costs us the work and the client a few bytes, so they are counted, and
 * a connection with too many within a minute is ended (ENHANCE_YOUR_CALM; RFC 9113, 10.5).
 */
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'

/** Taken back within a minute on one connection. */
export const MAX_RESETS = 100
const WINDOW_MS = 60_000

/** `onTooMany` hears the address of a client whose connection is ended. */
export function boundResets(session: ServerHttp2Session, onTooMany: (address: string) => void): void {
  const address = session.socket.remoteAddress ?? '?'
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
