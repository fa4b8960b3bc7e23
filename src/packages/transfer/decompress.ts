/**
 * Opens an index or a package's compression: gz in this process, xz, zst and bz2 by their programs. The file's SHA256
 * was compared with a signed one before (docs/architecture.md, rule 4): no stranger's bytes come here.
 */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type RunningChild, startChild } from '../../process/start.ts'
import { FetchError } from '../format/error.ts'

/** How a file is packed; gz is opened in this process, on another thread. */
export type Compression = 'xz' | 'gz' | 'zst' | 'bz2' | 'none'

const TIMEOUT_MS = 600_000
const READ = 1 << 18
const PROGRAMS = { xz: ['xz', '-dc'], zst: ['zstd', '-dcq'], bz2: ['bzip2', '-dc'] } as const

/** The text of a verified file, at most `maxSize` bytes of it; throws FetchError 'malformed' for what does not open. */
export async function* decompressed(
  file: string,
  options: { compression: Compression; maxSize: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { compression, maxSize, signal } = options
  let size = 0
  await using child = compression === 'none' || compression === 'gz' ? undefined : start(file, compression, signal)
  const stream = child?.stdout ?? plain(file, compression === 'gz')
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > maxSize) throw new FetchError('malformed', `An index unpacks to more than ${maxSize} bytes`)
      yield chunk
    }
    await child?.ended
  } catch (error) {
    if (error instanceof FetchError) throw error
    throw new FetchError('malformed', `An index cannot be unpacked`, { cause: error })
  } finally {
    stream.destroy()
  }
}

function start(file: string, compression: keyof typeof PROGRAMS, signal: AbortSignal): RunningChild {
  const [program, ...args] = PROGRAMS[compression]
  return startChild(program, [...args, '--', file], { signal, timeoutMs: TIMEOUT_MS })
}

function plain(file: string, isGzip: boolean): Readable {
  const raw = createReadStream(file, { highWaterMark: READ })
  if (!isGzip) return raw
  const gunzip = createGunzip({ chunkSize: READ })
  raw.on('error', (error) => gunzip.destroy(error))
  return raw.pipe(gunzip)
}
