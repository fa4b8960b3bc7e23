/** A stream that is produced only as fast as it is read, so that nothing piles up in memory. */

/** A pull-based stream of what `make` generates; its signal aborts when the reader has gone, or `until` does. */
export function pullStream(
  make: (signal: AbortSignal) => AsyncGenerator<Uint8Array>,
  until: AbortSignal,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const chunks = make(AbortSignal.any([gone.signal, until]))
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      gone.abort()
      await chunks.return(undefined)
    },
  }, { highWaterMark: 0 })
}
