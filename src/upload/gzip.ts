/**
 * gzip (RFC 1952), member by member, in this process: joined members are one stream, zeros after the last are padding,
 * anything else is a fault at the place where it stands. Only the deflated data goes through zlib.
 */
import { crc32, createInflateRaw } from 'node:zlib'
import { badStream } from './bad_stream.ts'
import { Bell } from '../stream/bell.ts'
import type { ByteReader } from './byte_reader.ts'
import { isAllZero, startsWith } from './bytes.ts'
import { KIB } from '../units/bytes.ts'

const CHUNK = 128 * KIB
/** Each member costs a decoder: bgzip's 64 KiB blocks of 4 GiB are allowed, a flood of empty ones is not. */
const MAX_MEMBERS = 65_536
/** Name, comment and extra field together. */
const MAX_HEADER = 128 * KIB
const FLAG = { headerCheck: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }

/** Decompresses what `reader` holds. Throws what it throws, and bad-stream. */
export async function* gunzip(reader: ByteReader): AsyncGenerator<Uint8Array> {
  for (let members = 0;; members++) {
    if (members > 0 && await isAtPadding(reader)) return await readPadding(reader)
    if (members === MAX_MEMBERS) throw badStream(`The gzip stream has more than ${MAX_MEMBERS} members`)
    await readHeader(reader)
    yield* readMember(reader)
  }
}

async function isAtPadding(reader: ByteReader): Promise<boolean> {
  const next = await reader.peek(1)
  return next.length === 0 || next[0] === 0
}

async function readPadding(reader: ByteReader): Promise<void> {
  for await (const chunk of reader.rest()) {
    if (!isAllZero(chunk)) throw badStream('There are bytes after the end of the gzip stream that are no padding')
  }
}

/** RFC 1952, 2.3: ID1 ID2 CM FLG MTIME XFL OS, then what FLG announces. */
async function readHeader(reader: ByteReader): Promise<void> {
  const isFirst = reader.position === 0
  if (!startsWith(await reader.peek(2), [0x1f, 0x8b])) {
    throw badStream(
      isFirst ? 'The body is not gzip' : 'There are bytes after the end of the gzip stream that are no padding',
    )
  }
  const head = await whole(reader, 10)
  const flags = head[3]!
  if (head[2] !== 8 || (flags & FLAG.reserved) !== 0) throw badStream('The gzip stream uses a method that is not known')
  if (flags & FLAG.extra) {
    const [low, high] = await whole(reader, 2)
    await whole(reader, low! + high! * 256)
  }
  if (flags & FLAG.name) await skipString(reader)
  if (flags & FLAG.comment) await skipString(reader)
  if (flags & FLAG.headerCheck) await whole(reader, 2)
}

async function skipString(reader: ByteReader): Promise<void> {
  for (let left = MAX_HEADER; left > 0;) {
    const piece = await reader.some(left)
    if (piece === undefined) throw endsEarly()
    const end = piece.indexOf(0)
    if (end >= 0) return reader.unread(piece.subarray(end + 1))
    left -= piece.length
  }
  throw badStream('The header of the gzip stream is too long')
}

/** The deflated data and, after it, its check and length (RFC 1952, 2.3.1: CRC32, ISIZE). */
async function* readMember(reader: ByteReader): AsyncGenerator<Uint8Array> {
  let check = 0
  let size = 0
  for await (const chunk of inflate(reader)) {
    check = crc32(chunk, check)
    size = (size + chunk.length) % 2 ** 32
    yield chunk
  }
  const trailer = await whole(reader, 8)
  const view = new DataView(trailer.buffer, trailer.byteOffset, 8)
  if (view.getUint32(0, true) !== check || view.getUint32(4, true) !== size) {
    throw badStream('The gzip stream is damaged: its check does not match')
  }
}

/** Inflates until the end of the deflated data; what follows it stays in `reader`. */
async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: CHUNK })
  const bell = new Bell()
  let failure: Error | undefined
  inflater.on('readable', () => bell.ring())
  inflater.on('error', (error) => {
    failure = error
    bell.ring()
  })
  let given = 0
  try {
    for (;;) {
      const piece = await reader.some(CHUNK)
      if (piece === undefined) throw endsEarly()
      given += piece.length
      let isTaken = false
      inflater.write(piece, () => {
        isTaken = true
        bell.ring()
      })
      for (let wasTaken = false; !wasTaken && failure === undefined;) {
        await bell.heard()
        wasTaken = isTaken
        // Reading makes zlib go on with what is left of the piece.
        for (let chunk = inflater.read(); chunk !== null; chunk = inflater.read()) yield chunk
      }
      if (failure !== undefined) throw badStream(`The body does not decompress as gzip: ${failure.message}`, failure)
      if (inflater.bytesWritten < given) {
        return reader.unread(piece.subarray(piece.length - (given - inflater.bytesWritten)))
      }
    }
  } finally {
    inflater.destroy()
  }
}

async function whole(reader: ByteReader, length: number): Promise<Uint8Array> {
  const bytes = await reader.exactly(length)
  if (bytes.length < length) throw endsEarly()
  return bytes
}

function endsEarly(): Error {
  return badStream('The gzip stream ends early')
}
