/** How long a download may take, and how slow it may be. */

/** Time limits of a download, in milliseconds and bytes per second. */
export interface TransferLimits {
  /** Until the answer's headers are there, connecting included. */
  answerMs: number
  /** Silence within a body. */
  idleMs: number
  /** A body slower than this, over `slowMs` on average, is given up. */
  minBytesPerSecond: number
  slowMs: number
  /** A whole body. What came is kept, and the next try goes on from there. */
  requestMs: number
}

export const TRANSFER_LIMITS: TransferLimits = {
  answerMs: 20_000,
  idleMs: 20_000,
  minBytesPerSecond: 4096,
  slowMs: 30_000,
  requestMs: 3_600_000,
}
