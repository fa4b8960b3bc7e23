/**
 * What a client sends and nobody wants, the body of a request or whatever comes on a connection: read and thrown away
 * within bounds. Answers nothing and closes nothing.
 */
import type { Readable } from 'node:stream'

/** A request has come as a whole before its stream has ended; a connection knows of no such thing. */
type Unwanted = Pick<Readable, 'on' | 'off' | 'resume' | 'destroyed' | 'readableEnded'> & { complete?: boolean }

export interface DiscardBounds {
  bytes: number
  milliseconds: number
  /** Silence that is a bound, too; undefined: it may be silent for all of the time. */
  idleMilliseconds?: number | undefined
}

/** `complete`: all of it has come; `gone`: its client went away; `bound`: there may be more. */
export type Discarded = 'complete' | 'gone' | 'bound'

export async function discard(incoming: Unwanted, bounds: DiscardBounds): Promise<Discarded> {
  if (incoming.complete && incoming.readableEnded) return 'complete'
  if (incoming.destroyed) return 'gone'
  let resolve: (how: Discarded) => void = () => undefined
  const how = new Promise<Discarded>((settle) => resolve = settle)
  const reachBound = () => resolve('bound')
  const deadline = setTimeout(reachBound, bounds.milliseconds)
  const idle = setTimeout(reachBound, bounds.idleMilliseconds ?? bounds.milliseconds)
  let bytes = 0
  const onData = (chunk: Uint8Array) => {
    idle.refresh()
    bytes += chunk.length
    if (bytes > bounds.bytes) resolve('bound')
  }
  const onEnd = () => resolve('complete')
  const onClose = () => resolve(incoming.complete ? 'complete' : 'gone')
  const onError = () => resolve('gone')
  incoming.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onError)
  incoming.resume()
  try {
    return await how
  } finally {
    clearTimeout(deadline)
    clearTimeout(idle)
    incoming.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError)
  }
}
