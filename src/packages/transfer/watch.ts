/**
 * The clock beside a body that is read: ends it when it falls silent, trickles, or takes longer than one request may.
 * Time during which we ourselves hold the transfer back does not count.
 */
import { FetchError } from '../format/error.ts'
import type { Answer } from './answer.ts'
import type { TransferLimits } from './limits.ts'
import { count } from '../../text/count.ts'

export interface TransferWatch {
  count(bytes: number): void
  /** Waits for something of ours with the clock stopped. */
  unwatched(wait: Promise<void>): Promise<void>
  /** Why the watch ended the body; undefined when it did not. */
  reason(): FetchError | undefined
  stop(): void
}

/** Destroys the body in time; `where` names it in the reason. */
export function watchTransfer(
  { body }: Answer,
  { where, limits, signal }: { where: string; limits: TransferLimits; signal: AbortSignal },
): TransferWatch {
  const begun = performance.now()
  const state = {
    reason: undefined as FetchError | undefined,
    received: 0,
    held: 0,
    since: undefined as number | undefined,
  }
  /** Of the clock that stands still while we wait for ourselves. */
  const now = () => (state.since ?? performance.now()) - state.held
  let last = now()
  let window = { start: last, bytes: 0 }
  const giveUp = (message: string) => {
    state.reason ??= new FetchError('timeout', `${where} ${message}`, { isHost: true })
    body.destroy(state.reason)
  }
  const check = () => {
    const at = now()
    if (at - last > limits.idleMs) {
      return giveUp(`was silent for ${limits.idleMs / 1000} s after ${count(state.received, 'byte')}`)
    }
    if (at - begun > limits.requestMs) {
      return giveUp(`took longer than ${limits.requestMs / 1000} s, of which ${count(state.received, 'byte')} came`)
    }
    if (at - window.start < limits.slowMs) return
    if (window.bytes < limits.minBytesPerSecond * (limits.slowMs / 1000)) {
      return giveUp(`sent less than ${count(limits.minBytesPerSecond, 'byte')} a second for ${limits.slowMs / 1000} s`)
    }
    window = { start: at, bytes: 0 }
  }
  const timer = setInterval(check, Math.min(1000, limits.idleMs / 4))
  const abort = () => body.destroy()
  signal.addEventListener('abort', abort, { once: true })
  return {
    count(bytes) {
      state.received += bytes
      window.bytes += bytes
      last = now()
    },
    async unwatched(wait) {
      state.since = performance.now()
      try {
        await wait
      } finally {
        state.held += performance.now() - state.since
        state.since = undefined
      }
    },
    reason: () => state.reason,
    stop() {
      clearInterval(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}
