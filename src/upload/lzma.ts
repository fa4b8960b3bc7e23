/**
 * xz by lzma-native, in this process: the fallback where there is no `xz` program. Several streams and stream padding
 * are one body, as for the program. Three times slower, and C code outside the sandbox: docs/architecture.md, rule 4.
 */
import { Buffer } from 'node:buffer'
import { badStream } from './bad_stream.ts'
import { Bell } from '../stream/bell.ts'
import { DECODER_MEMORY } from '../decoder/decoder.ts'
import { KIB } from '../units/bytes.ts'

/** LZMA_CONCATENATED of liblzma's base.h: go on with the next stream, check the padding between. */
const CONCATENATED = 0x08
const PIECE = 64 * KIB

/** Decompresses `input`. Throws what it throws, and bad-stream. */
export async function* unxz(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: lzma } = await import('lzma-native')
  const decoder = lzma.createStream('streamDecoder', { memlimit: DECODER_MEMORY, flags: CONCATENATED } as object)
  const bell = new Bell()
  let failure: Error | undefined
  let hasEnded = false
  decoder.on('readable', () => bell.ring())
  decoder.on('end', () => {
    hasEnded = true
    bell.ring()
  })
  decoder.on('error', (error: Error) => {
    failure ??= error
    bell.ring()
  })
  async function* outputUntil(isDone: () => boolean): AsyncGenerator<Uint8Array> {
    for (let wasDone = false; !wasDone && failure === undefined;) {
      await bell.heard()
      wasDone = isDone()
      for (let chunk = decoder.read(); chunk !== null; chunk = decoder.read()) yield chunk as Uint8Array
    }
    if (failure !== undefined) throw badStream(`The body does not decompress as xz: ${failure.message}`, failure)
  }
  try {
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length; at += PIECE) {
        let isTaken = false
        // A copy: liblzma works on it in another thread.
        decoder.write(Buffer.from(chunk.subarray(at, at + PIECE)), () => {
          isTaken = true
          bell.ring()
        })
        yield* outputUntil(() => isTaken)
      }
    }
    decoder.end()
    yield* outputUntil(() => hasEnded)
  } finally {
    decoder.destroy()
  }
}
