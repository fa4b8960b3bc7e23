/**
 * What a client still sends after its answer has left (docs/http.md, 'Refusing an upload'): read and thrown away,
 * bounded, before the connection serves its next request or is closed. A client that writes its whole body before it
 * reads would else see 'Broken pipe' in place of the reason.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { MIB } from '../units/bytes.ts'

export interface DrainBounds {
  bytes: number
  milliseconds: number
  /** Silence after which a connection that is to be closed anyhow is closed. */
  idleMilliseconds: number
}

/** Twice RETRACE_MAX_PACKED_MB or 30 seconds (docs/http.md, 'Refusing an upload'). */
export function drainBounds(maxPackedMb: number): DrainBounds {
  return { bytes: 2 * maxPackedMb * MIB, milliseconds: 30_000, idleMilliseconds: 3000 }
}

/**
 * Makes the end of an answer wait for the end of its request's body. The answer itself is complete before: it has a
 * Content-Length. Over HTTP/2 an answer ends at once and its stream when the body has been read; past the bounds, or
 * when the client is silent, the stream is closed with NO_ERROR (RFC 9113, 8.1), which some clients take for the loss
 * of the answer. A 408 does not wait.
 */
export function drainBeforeEnd(
  incoming: IncomingMessage | Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
  bounds: DrainBounds,
): void {
  if (incoming instanceof Http2ServerRequest || outgoing instanceof Http2ServerResponse) {
    if (incoming instanceof Http2ServerRequest) drainStream(incoming, outgoing, bounds)
    return
  }
  const end = outgoing.end.bind(outgoing) as ServerResponse['end']
  const endLater = (chunk?: unknown): ServerResponse => {
    if (incoming.complete || incoming.destroyed || outgoing.statusCode === 408) return end(chunk)
    outgoing.flushHeaders()
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) outgoing.write(chunk)
    void drain(incoming, { ...bounds, idle: !outgoing.shouldKeepAlive }).then((complete) => {
      if (complete) end()
      else incoming.socket.destroy()
    })
    return outgoing
  }
  outgoing.end = endLater as ServerResponse['end']
}

function drainStream(
  incoming: Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
  bounds: DrainBounds,
): void {
  if (incoming.stream.endAfterHeaders) return
  const { stream } = incoming
  const end = outgoing.end.bind(outgoing) as (chunk?: unknown) => typeof outgoing
  const endAndDrain = (chunk?: unknown) => {
    const isTimeout = outgoing.statusCode === 408
    // Before the end: Node resets a stream that ends while nobody has begun to read it.
    if (!incoming.complete) {
      void drain(incoming, { ...bounds, ...(isTimeout && { milliseconds: 0 }), idle: true }).then((complete) => {
        if (!complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
      })
    }
    return end(chunk)
  }
  outgoing.end = endAndDrain as typeof outgoing.end
}

/** Reads and throws away; false when a bound was passed or the client went away. */
async function drain(
  incoming: IncomingMessage | Http2ServerRequest,
  bounds: DrainBounds & { idle: boolean },
): Promise<boolean> {
  let bytes = 0
  return await new Promise<boolean>((resolve) => {
    const settle = (complete: boolean) => () => {
      clearTimeout(deadline)
      clearTimeout(idle)
      resolve(complete)
    }
    const deadline = setTimeout(settle(false), bounds.milliseconds)
    const idle = setTimeout(settle(false), bounds.idle ? bounds.idleMilliseconds : bounds.milliseconds)
    incoming.on('data', (chunk: Uint8Array) => {
      idle.refresh()
      bytes += chunk.length
      if (bytes > bounds.bytes) settle(false)()
    })
    incoming.once('end', settle(true))
    incoming.once('close', () => settle(incoming.complete)())
    incoming.once('error', settle(false))
    incoming.resume()
  })
}
