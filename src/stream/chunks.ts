/**
 * The chunks of a Node stream, with back-pressure: those that come in one turn of the event loop are one. Unlike the stream's own iterator it does
 * not destroy what it stops reading from: a refused upload goes on being read by `drain.ts`.
 */
import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { Bell } from './bell.ts'
import { KIB } from '../units/bytes.ts'

/** Bytes that may wait here before the stream is paused. */
const HIGH_WATER = 256 * KIB
/** Bytes of several chunks that become one: twenty uploads have twenty of them. */
const BATCH = 64 * KIB

export interface ChunkOptions {
  /** What is thrown when the stream fails or closes before its end; `cause` is the stream's own error, if any. */
  onBroken: (cause: unknown) => Error
  /** Time without a chunk, while one is waited for, after which `onIdle`'s error is thrown. */
  idleMs?: number
  onIdle?: () => Error
  /** Ends the reading at once, as if the stream had ended; when `abort` returns, the stream has no reader. */
  signal?: AbortSignal
}

/** Reads `source` until its end; afterwards, or when the caller stops early, `source` is left paused. */
export async function* chunksOf(source: Readable, options: ChunkOptions): AsyncGenerator<Uint8Array> {
  if (options.signal?.aborted) return
  const queue: Uint8Array[] = []
  let queued = 0
  let hasEnded = source.readableEnded
  let failure: Error | undefined = source.destroyed && !hasEnded ? options.onBroken(source.errored) : undefined
  const bell = new Bell()
  const onData = (chunk: Uint8Array) => {
    queue.push(chunk)
    queued += chunk.length
    if (queued >= HIGH_WATER) source.pause()
    bell.ring()
  }
  const onEnd = () => {
    hasEnded = true
    bell.ring()
  }
  const onBroken = (cause?: unknown) => {
    if (!hasEnded) failure ??= options.onBroken(cause)
    bell.ring()
  }
  const stop = () => {
    source.off('data', onData).off('end', onEnd).off('close', onBroken)
    options.signal?.removeEventListener('abort', stop)
    if (hasEnded) return
    hasEnded = true
    source.pause()
    bell.ring()
  }
  // Stays after the others are taken off: nobody else may be listening when the stream fails later.
  source.on('error', onBroken)
  source.on('data', onData).on('end', onEnd).on('close', onBroken)
  options.signal?.addEventListener('abort', stop)
  source.resume()
  try {
    for (;;) {
      // Each costs all who pass it on some promises, and TLS brings 16 KiB at a time: a sixth of what an upload costs the server's thread.
      if (queue.length > 0 && queued < BATCH && !hasEnded) await setImmediate()
      const chunk = batchOf(queue)
      if (chunk !== undefined) {
        queued -= chunk.length
        if (queued < HIGH_WATER && source.isPaused()) source.resume()
        yield chunk
      } else if (failure !== undefined) {
        throw failure
      } else if (hasEnded) {
        return
      } else {
        const isIdle = !await bell.heard(options.idleMs)
        if (isIdle && options.onIdle) throw options.onIdle()
      }
    }
  } finally {
    stop()
  }
}

/** The first one, and those behind it that fit into a batch; undefined: there is none. */
function batchOf(queue: Uint8Array[]): Uint8Array | undefined {
  let [count, bytes] = [1, queue[0]?.length ?? 0]
  while (count < queue.length && bytes + (queue[count]?.length ?? 0) <= BATCH) bytes += queue[count++]?.length ?? 0
  return count > 1 ? Buffer.concat(queue.splice(0, count), bytes) : queue.shift()
}
