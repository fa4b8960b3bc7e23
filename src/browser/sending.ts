/** One upload: POST /create with its progress, which fetch cannot tell. */

export interface Sent {
  readonly id: string
  readonly password: string
}

/** What the server answered in place of a task, or why nothing came back. */
export class NotSent extends Error {}

export interface SendOptions {
  readonly headers: Readonly<Record<string, string>>
  /** Bytes that have left, of all. */
  readonly onProgress: (done: number, all: number) => void
  readonly signal: AbortSignal
}

/** Throws NotSent with the server's own sentence, or what is known where it said none. */
export function send(body: Blob, { headers, onProgress, signal }: SendOptions): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', 'create')
    for (const [name, value] of Object.entries({ ...headers, Prefer: 'respond-async', Accept: 'text/plain' })) {
      request.setRequestHeader(name, value)
    }
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded, total))
    request.addEventListener('abort', () => reject(new NotSent('It was not sent')))
    request.addEventListener(
      'error',
      () => reject(new NotSent('The server cannot be reached, or closed the connection')),
    )
    request.addEventListener('load', () => {
      const [id, password] = [request.getResponseHeader('X-Task-Id'), request.getResponseHeader('X-Task-Password')]
      if (request.status === 201 && id !== null && password !== null) resolve({ id, password })
      else reject(new NotSent(request.responseText.trim() || `The server answered ${request.status}`))
    })
    request.send(body)
  })
}

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

export async function gunzipped(blob: Blob): Promise<Blob> {
  return await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).blob()
}
