/** Blobs compressed and unpacked by the browser; it keeps large ones on the disk. */

/** Compressed by gzip, with how much of it was read so far. */
export async function gzipped(blob: Blob, onProgress: (done: number, all: number) => void): Promise<Blob> {
  let done = 0
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      done += chunk.length
      onProgress(done, blob.size)
      controller.enqueue(chunk)
    },
  })
  return await new Response(blob.stream().pipeThrough(counting).pipeThrough(new CompressionStream('gzip'))).blob()
}

/** Undefined: more than `limit` bytes would come out of it. */
export async function gunzipped(blob: Blob, limit: number): Promise<Blob | undefined> {
  let done = 0
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      done += chunk.length
      if (done > limit) controller.error(new RangeError('More comes out than is wanted'))
      else controller.enqueue(chunk)
    },
  })
  try {
    return await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip')).pipeThrough(counting)).blob()
  } catch (error) {
    if (done > limit) return undefined
    throw error
  }
}
