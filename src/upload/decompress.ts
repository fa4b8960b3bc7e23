/**
 * A body made plain, as it arrives: which decoder takes which encoding, and the refusal of what is none before any of
 * them sees it. What comes out is not looked at.
 */
import { badStream } from './bad_stream.ts'
import { ByteReader } from './byte_reader.ts'
import { decode } from '../decoder/decode.ts'
import { decoderSandbox } from '../decoder/decoder.ts'
import { tryDecoder } from '../decoder/trial.ts'
import { type ErrorCode, RetraceError } from '../errors/errors.ts'
import { ProgramError } from '../process/error.ts'
import { findProgram } from '../process/search_path.ts'
import { quote } from '../text/escape.ts'
import { gunzip } from './gzip.ts'
import type { Encoding } from './headers.ts'
import { unxz } from './lzma.ts'

/** First bytes (RFC 1952; xz file format 2.1.1.1; RFC 8878, 3.1.1), and those of zstd's skippable frames (3.1.2). */
const MAGIC: Record<Exclude<Encoding, 'none'>, (bytes: Uint8Array) => boolean> = {
  gzip: (bytes) => matches(bytes, [0x1f, 0x8b]),
  xz: (bytes) => matches(bytes, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
  zstd: (bytes) =>
    matches(bytes, [0x28, 0xb5, 0x2f, 0xfd]) ||
    (bytes[0]! & 0xf0) === 0x50 && matches(bytes.subarray(1), [0x2a, 0x4d, 0x18]),
}

const PACKINGS = ['gzip', 'xz', 'zstd'] as const

export interface DecompressOptions {
  /** The xz program, or undefined to decompress in this process. */
  xz?: string | undefined
  zstd?: string | undefined
}

function system(): DecompressOptions {
  return { xz: findProgram('xz'), zstd: findProgram('zstd') }
}

/** Decompresses `body`. `hint`: what bytes are that are not of `encoding`. Throws what it throws, bad-stream, and Error when a decoder does not work here. */
export async function* decompress(
  body: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  programs: DecompressOptions = system(),
  hint: (head: Uint8Array) => string | undefined = () => undefined,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(body)
  if (encoding !== 'none') await checkMagic(reader, encoding, hint)
  yield* decoded(reader, encoding, programs)
}

function decoded(reader: ByteReader, encoding: Encoding, programs: DecompressOptions): AsyncGenerator<Uint8Array> {
  switch (encoding) {
    case 'none':
      return reader.rest()
    case 'gzip':
      return gunzip(reader)
    case 'xz':
      return programs.xz === undefined ? unxz(reader.rest()) : decodedBy('xz', programs.xz, reader)
    case 'zstd':
      if (programs.zstd === undefined) throw new ProgramError('not-started', 'zstd cannot be started: is it installed?')
      return decodedBy('zstd', programs.zstd, reader)
  }
}

async function* decodedBy(
  decoder: 'xz' | 'zstd',
  path: string,
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
  let isSilent = true
  try {
    for await (const chunk of decode(reader.rest(), decoderSandbox(decoder, path))) {
      isSilent = false
      yield chunk
    }
  } catch (error) {
    if (!(error instanceof ProgramError) || error.kind !== 'failed') throw error
    await tryDecoder(decoder, path)
    throw doesNotDecompress(decoder, error)
  }
  if (isSilent) await tryDecoder(decoder, path)
}

/** Codes of what came out of a decoder and made no sense: its fault, or that of who packed it. */
const NONSENSE = new Set<ErrorCode>(['bad-stream', 'not-a-core', 'bad-member', 'unknown-member', 'missing-member'])

/** Throws ProgramError 'not-started' where a refusal is the fault of a decoder of ours that does not work. */
export async function unlessOurs(
  error: unknown,
  encoding: Encoding,
  { xz, zstd }: DecompressOptions = system(),
): Promise<void> {
  const path = { none: undefined, gzip: undefined, xz, zstd }[encoding]
  if (path === undefined || encoding === 'none' || encoding === 'gzip') return
  if (error instanceof RetraceError && NONSENSE.has(error.code)) await tryDecoder(encoding, path)
}

/** In the program's own words, without its name and the one that it has for its input. */
function doesNotDecompress(decoder: string, { message, complaint }: ProgramError): Error {
  const [first = ''] = complaint.split('\n', 1)
  const reason = first.replace(/^(?:\S*(?:xz|zstd): )?(?:\/\*stdin\*\\|\(stdin\))?[ :]*/, '')
  return badStream(`The body does not decompress as ${decoder}: ${quote(reason || message)}`, complaint)
}

/** Which of the encodings bytes begin with, whole; undefined: none of them. */
export function packingOf(head: Uint8Array): Exclude<Encoding, 'none'> | undefined {
  return PACKINGS.find((each) => head.length >= 6 && MAGIC[each](head))
}

/** Refuses at the first byte that is wrong, without waiting for more. */
async function checkMagic(
  reader: ByteReader,
  encoding: Exclude<Encoding, 'none'>,
  hint: (head: Uint8Array) => string | undefined,
): Promise<void> {
  for (let length = 1; length <= 6; length++) {
    const bytes = await reader.peek(length)
    if (bytes.length === 0) throw badStream('The body is empty')
    if (!MAGIC[encoding](bytes)) {
      const what = hint(reader.arrived) ?? `it begins with other bytes than ${encoding} does`
      throw badStream(`The body is not ${encoding}: ${what}`)
    }
    if (bytes.length < length) return
  }
}

/** Whether `bytes`, as far as they go, are those of `magic`. */
function matches(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.slice(0, bytes.length).every((byte, index) => bytes[index] === byte)
}
