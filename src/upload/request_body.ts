/**
 * The body of an upload as it arrives from the network: silence and a client that goes away become the failures that
 * docs/http.md, 'POST /create' names, and more bytes than were allowed are not taken. The bytes are not looked at.
 */
import type { Readable } from 'node:stream'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { chunksOf } from '../stream/chunks.ts'
import { packedTooLarge } from './headers.ts'
import { KIB, MIB } from '../units/bytes.ts'

/** What the design allows beyond the limit, for the headers. */
const SLACK = 10 * KIB

/** Throws upload-timeout or client-gone while it is read; `signal` ends the reading, and leaves the rest to `drain`. */
export function requestBody(
  incoming: Readable,
  config: Pick<Config, 'uploadIdleS'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return chunksOf(incoming, {
    signal,
    onBroken: clientGone,
    idleMs: config.uploadIdleS * 1000,
    onIdle: () => timeout(config),
  })
}

/** The failure of who closed the connection before everything was there. */
export function clientGone(cause?: unknown): RetraceError {
  return new RetraceError('client-gone', { detail: 'The connection was closed before the upload was complete', cause })
}

function timeout(config: Pick<Config, 'uploadIdleS'>): RetraceError {
  return new RetraceError('upload-timeout', {
    detail:
      `Nothing arrived for ${config.uploadIdleS} s (RETRACE_UPLOAD_IDLE_S) and the upload is not complete; send it again`,
    limit: { setting: 'RETRACE_UPLOAD_IDLE_S', value: config.uploadIdleS, unit: 's' },
  })
}

/**
 * Passes a body on, up to RETRACE_MAX_PACKED_MB + 10 KB (docs/design.txt, chapter 2.1). Throws packed-too-large, and
 * client-gone when it ends before `length` bytes: a stream of HTTP/2 that was reset ends like one that is complete.
 */
export async function* countedBody(
  body: AsyncIterable<Uint8Array>,
  length: number,
  config: Pick<Config, 'maxPackedMb'>,
): AsyncGenerator<Uint8Array> {
  const limit = config.maxPackedMb * MIB + SLACK
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > limit) throw packedTooLarge(config)
    yield chunk
  }
  if (bytes < length) throw clientGone()
}
