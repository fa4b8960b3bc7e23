/**
 * Opens an index: gz by zlib in this process, xz, lzma, zst, bz2 and lz4 as uploads are, behind the wall. Its checksum was
 * compared with what describes the repository, which need not be signed (`repo_gpgcheck=0` is yum's default).
 */
import { createReadStream, type ReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { decode } from '../../decoder/decode.ts'
import { type DecoderName, decoderSandbox } from '../../decoder/decoder.ts'
import { FetchError } from '../format/error.ts'
import { asFetchError } from '../format/program_failure.ts'
import { count } from '../../text/count.ts'

/** How a file is packed; gz is opened in this process, on another thread. */
export type Compression = 'xz' | 'lzma' | 'gz' | 'zst' | 'bz2' | 'lz4' | 'none'

const TIMEOUT_MS = 600_000
const READ = 1 << 18
const DECODERS: Record<Exclude<Compression, 'gz' | 'none'>, DecoderName> = {
  xz: 'xz',
  lzma: 'lzma',
  zst: 'zstd',
  bz2: 'bzip2',
  lz4: 'lz4',
}

/** The text of a file, at most `maxSize` bytes of it; throws FetchError 'malformed' for what does not open. */
export async function* decompressed(
  file: string,
  { compression, maxSize, signal }: { compression: Compression; maxSize: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(file, { highWaterMark: READ })
  let size = 0
  try {
    for await (const chunk of plain(raw, compression, signal)) {
      size += chunk.length
      if (size > maxSize) throw new FetchError('malformed', `An index unpacks to more than ${count(maxSize, 'byte')}`)
      yield chunk
    }
  } catch (cause) {
    const error = asFetchError(cause)
    if (error instanceof FetchError) throw error
    throw new FetchError('malformed', `An index cannot be unpacked`, { cause })
  } finally {
    raw.destroy()
  }
}

function plain(raw: ReadStream, compression: Compression, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (compression === 'none') return raw
  if (compression !== 'gz') return decode(raw, decoderSandbox(DECODERS[compression]), { signal, timeoutMs: TIMEOUT_MS })
  const gunzip = createGunzip({ chunkSize: READ })
  raw.on('error', (error) => gunzip.destroy(error))
  return raw.pipe(gunzip)
}
