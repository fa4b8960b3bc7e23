import { Buffer } from 'node:buffer'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { chunksOf } from '../../../src/stream/chunks.ts'

const onBroken = (cause: unknown) => new Error('it broke', { cause })

async function taken(stream: Readable, signal?: AbortSignal): Promise<string[]> {
  const found: string[] = []
  try {
    for await (const chunk of chunksOf(stream, { onBroken, ...(signal ? { signal } : {}) })) found.push(String(chunk))
  } catch (error) {
    found.push(error instanceof Error ? error.message : 'no error')
  }
  return found
}

describe('chunksOf()', () => {
  it('makes one chunk of what comes in one turn of the event loop, in its order', async () => {
    const stream = new PassThrough()
    const all = taken(stream)
    for (const each of ['a', 'bb', '', 'def']) stream.write(each)
    await new Promise((resolve) => setTimeout(resolve, 20))
    stream.end('g')
    expect(await all).toEqual(['abbdef', 'g'])
  })

  it('passes on what comes alone as it is, uncopied', async () => {
    const own = Buffer.from('alone')
    for await (const chunk of chunksOf(Readable.from([own], { objectMode: true }), { onBroken })) {
      expect(chunk).toBe(own)
    }
    expect.assertions(1)
  })

  it('gives what came before it says that the stream broke', async () => {
    const stream = new PassThrough()
    const all = taken(stream)
    stream.write('a')
    stream.write('b')
    setTimeout(() => stream.destroy(new Error('gone')), 10)
    expect(await all).toEqual(['ab', 'it broke'])
  })

  it('holds no more than its bound of a stream that comes faster than it is read, and stops reading when told', async () => {
    const stop = new AbortController()
    let sent = 0
    const source = new Readable({
      highWaterMark: 1024,
      read() {
        sent += 65_536
        this.push(new Uint8Array(65_536))
      },
    })
    const chunks = chunksOf(source, { onBroken, signal: stop.signal })
    for (let each = 0; each < 3; each++) {
      const { value } = await chunks.next()
      expect((value as Uint8Array).length).toBeLessThanOrEqual(320 * 1024)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(sent).toBeLessThan(2 << 20)
    stop.abort()
    await chunks.return(undefined)
    expect(source.isPaused()).toBe(true)
    source.destroy()
  })
})
