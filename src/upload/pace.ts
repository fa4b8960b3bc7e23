/**
 * The least rate of an upload. Each minute that we wait for it has to bring its share, so an upload takes at most its
 * Content-Length at that rate, and a minute. What our own disk or decompressor takes is not counted.
 */
import { performance } from 'node:perf_hooks'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { KIB } from '../units/bytes.ts'

const WINDOW_MS = 60_000

/** Passes a body on as long as it keeps pace; `now` in milliseconds. Throws upload-timeout. */
export async function* pacedBody(
  body: AsyncIterable<Uint8Array>,
  { minUploadKbPerS }: Pick<Config, 'minUploadKbPerS'>,
  now: () => number = () => performance.now(),
): AsyncGenerator<Uint8Array> {
  let waited = 0
  let bytes = 0
  let since = now()
  for await (const chunk of body) {
    waited += now() - since
    bytes += chunk.length
    if (waited >= WINDOW_MS) {
      if (bytes < minUploadKbPerS * KIB * waited / 1000) throw tooSlow(minUploadKbPerS)
      waited = 0
      bytes = 0
    }
    yield chunk
    since = now()
  }
}

function tooSlow(least: number): RetraceError {
  return new RetraceError('upload-timeout', {
    detail: `Less than ${least} KiB a second arrived over a minute (RETRACE_MIN_UPLOAD_KB_PER_S); send it again`,
    limit: { setting: 'RETRACE_MIN_UPLOAD_KB_PER_S', value: least, unit: 'KiB/s' },
  })
}
