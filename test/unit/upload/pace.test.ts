import { expect, it } from 'vitest'
import { pacedBody } from '../../../src/upload/pace.ts'

/** A body whose chunks of `size` bytes come `everyMs` apart, on a clock of its own. */
async function read(
  { size, everyMs, chunks, busyMs = 0 }: Record<string, number> & Record<'size' | 'everyMs' | 'chunks', number>,
) {
  let now = 0
  async function* body() {
    for (let sent = 0; sent < chunks; sent++) {
      now += everyMs
      yield await Promise.resolve(new Uint8Array(size))
    }
  }
  let bytes = 0
  for await (const chunk of pacedBody(body(), { minUploadKbPerS: 4 }, () => now)) {
    bytes += chunk.length
    now += busyMs
  }
  return bytes
}

it('ends an upload that brings less than RETRACE_MIN_UPLOAD_KB_PER_S over a minute', async () => {
  await expect(read({ size: 1, everyMs: 50_000, chunks: 100 })).rejects.toMatchObject({
    code: 'upload-timeout',
    limit: { setting: 'RETRACE_MIN_UPLOAD_KB_PER_S' },
  })
  await expect(read({ size: 4000, everyMs: 1000, chunks: 100 })).rejects.toMatchObject({ code: 'upload-timeout' })
})

it('lets an upload that keeps pace take as long as it needs, and a short one a minute', async () => {
  expect(await read({ size: 4096, everyMs: 1000, chunks: 10_000 })).toBe(40_960_000)
  expect(await read({ size: 1, everyMs: 1000, chunks: 59 })).toBe(59)
})

it('does not count what we take ourselves', async () => {
  expect(await read({ size: 4096, everyMs: 100, busyMs: 100_000, chunks: 1000 })).toBe(4_096_000)
})
