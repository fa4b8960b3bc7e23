/** When an upload gets a place, and when its worker is started, by what has arrived of it. */
import { expect, it } from 'vitest'
import type { Admission } from '../../../src/runner/admission.ts'
import { Arrival } from '../../../src/runner/arrival.ts'

/** Bytes after which a body of this length, which comes byte by KiB, has its place and its worker. */
async function begins(length: number): Promise<{ place: number; worker: number }> {
  const found = { place: 0, worker: 0 }
  let arrived = 0
  const admission = { prestart: () => void (found.worker ||= arrived) } as unknown as Admission
  const arrival = new Arrival({
    length,
    admit: () => {
      found.place = arrived
      return admission
    },
  })
  arrival.coreBegan('log')
  async function* body(): AsyncGenerator<Uint8Array> {
    while (arrived < length) {
      const bytes = Math.min(length < 2048 ? 1 : 1024, length - arrived)
      arrived += bytes
      yield await Promise.resolve(new Uint8Array(bytes))
    }
  }
  for await (const _ of arrival.watch(body()));
  return found
}

it.each([
  [10, 10, 10],
  [1000, 1000, 1000],
  [60 * 1024, 60 * 1024, 60 * 1024],
  [100 * 1024, 64 * 1024, 64 * 1024],
  [640 * 1024, 64 * 1024, 320 * 1024],
  [1000 * 1024, 100 * 1024, 500 * 1024],
])('of %i bytes, the place comes with byte %i and the worker with byte %i', async (length, place, worker) => {
  expect(await begins(length)).toEqual({ place, worker })
})

it('takes no place and starts no worker once it is disposed of, though a chunk is still waited for', async () => {
  const done: string[] = []
  const admission = { prestart: () => done.push('worker'), [Symbol.dispose]: () => done.push('given back') }
  const arrival = new Arrival({
    length: 1000,
    admit: () => (done.push('place'), admission as unknown as Admission),
  })
  arrival.coreBegan('log')
  let come = (_: Uint8Array): void => undefined
  const body = (async function* () {
    yield await new Promise<Uint8Array>((resolve) => come = resolve)
  })()
  const waiting = arrival.watch(body).next()
  await Promise.resolve()
  arrival[Symbol.dispose]()
  come(new Uint8Array(1000))
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(done).toEqual([])
})
