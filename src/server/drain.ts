/**
 * What a client still sends after its answer has left (docs/http.md, 'Refusing an upload'): read and thrown away,
 * bounded, before the connection serves its next request; past the bounds the connection is closed so that the answer
 * is read all the same. A client that writes its whole body before it reads would else see 'Broken pipe' in place of
 * the reason.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Incoming, Outgoing } from '../http/incoming.ts'
import { MIB } from '../units/bytes.ts'
import { discard, type DiscardBounds } from './discard.ts'

export interface DrainBounds {
  /** While the connection can still serve another request. */
  drain: DiscardBounds
  /** Once it is being closed: our half is, and what comes is read on for who has not looked at the answer yet. */
  linger: Required<DiscardBounds>
}

/** As docs/http.md, 'Refusing an upload', names them. */
export function drainBounds(maxPackedMb: number): DrainBounds {
  return {
    drain: { bytes: 2 * maxPackedMb * MIB, milliseconds: 30_000 },
    linger: { bytes: 512 * MIB, milliseconds: 30_000, idleMilliseconds: 3000 },
  }
}

/**
 * Makes the end of an answer wait for the end of its request's body. The answer itself is complete before: it has a
 * Content-Length.
 */
export function drainBeforeEnd(incoming: Incoming, outgoing: Outgoing, bounds: DrainBounds): void {
  if (incoming instanceof Http2ServerRequest || outgoing instanceof Http2ServerResponse) {
    if (incoming instanceof Http2ServerRequest) drainStream(incoming, outgoing, bounds)
    return
  }
  const end = outgoing.end.bind(outgoing) as ServerResponse['end']
  const endLater = (chunk?: unknown): ServerResponse => {
    if (incoming.complete || incoming.destroyed) return end(chunk)
    outgoing.flushHeaders()
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) outgoing.write(chunk)
    void drain(incoming, outgoing, bounds).then(async (isComplete) => {
      if (isComplete) end()
      else await closeGently(incoming, incoming.socket, bounds)
    })
    return outgoing
  }
  outgoing.end = endLater as ServerResponse['end']
}

/**
 * Whether the body was read to its end. A 408 does not wait for it; who is to be closed anyhow may be silent shortly.
 */
async function drain(incoming: Incoming, outgoing: ServerResponse, { drain, linger }: DrainBounds): Promise<boolean> {
  if (outgoing.statusCode === 408) return false
  const idleMilliseconds = outgoing.shouldKeepAlive ? undefined : linger.idleMilliseconds
  return await discard(incoming, { ...drain, idleMilliseconds }) === 'complete'
}

/**
 * Closes our half (under TLS close_notify and FIN), so that nothing but the answer is left to read, and reads on,
 * bounded, before the rest is closed: a socket that is closed with bytes unread resets its connection, and with it the
 * answer that the client has not looked at (RFC 9112, 9.6).
 */
async function closeGently(
  incoming: IncomingMessage | Duplex,
  socket: Duplex,
  { linger }: Pick<DrainBounds, 'linger'>,
): Promise<void> {
  socket.end()
  await discard(incoming, linger)
  socket.destroy()
}

/** Answers on a connection that is to be closed whatever comes on it, in the same way. */
export function answerAndClose(socket: Duplex, answer: string, bounds: Pick<DrainBounds, 'linger'>): void {
  socket.on('error', () => socket.destroy())
  socket.write(answer)
  void closeGently(socket, socket, bounds)
}

/**
 * Over HTTP/2 an answer ends at once, which is its half-close, and its stream when the body has been read; past all
 * bounds, or when the client is silent, the stream is closed with NO_ERROR (RFC 9113, 8.1), which some clients take for
 * the loss of the answer.
 */
function drainStream(incoming: Http2ServerRequest, outgoing: Outgoing, bounds: DrainBounds): void {
  if (incoming.stream.endAfterHeaders) return
  const { stream } = incoming
  const end = outgoing.end.bind(outgoing) as (chunk?: unknown) => typeof outgoing
  const endAndDrain = (chunk?: unknown) => {
    // Before the end: Node resets a stream that ends while nobody has begun to read it.
    if (!incoming.complete) {
      void discard(incoming, outgoing.statusCode === 408 ? bounds.linger : bothOf(bounds)).then((how) => {
        if (how !== 'complete' && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
      })
    }
    return end(chunk)
  }
  outgoing.end = endAndDrain as typeof outgoing.end
}

function bothOf({ drain, linger }: DrainBounds): DiscardBounds {
  return {
    bytes: drain.bytes + linger.bytes,
    milliseconds: drain.milliseconds + linger.milliseconds,
    idleMilliseconds: linger.idleMilliseconds,
  }
}
