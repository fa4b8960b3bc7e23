/**
 * The member `coredump` of an archive into its file: as it is, or unpacked where it is gzip, xz or zstd (systemd keeps
 * cores packed, and people send them so). What comes out is what RETRACE_MAX_UNPACKED_MB counts. Refuses to unpack
 * twice, or anything else: what is no core then is the task's failure.
 */
import { RetraceError } from '../errors/errors.ts'
import type { CoreFile } from '../spool/core_file.ts'
import { ByteReader } from './byte_reader.ts'
import { decompress, type DecompressOptions, packingOf } from './decompress.ts'
import type { UnpackedCount } from './limits.ts'
import type { TarMember } from './tar.ts'

/** As much as tells how the member is packed. */
const HEAD = 6

/** Writes the core and gives its size. `count` holds the member's own size already. Throws bad-stream, and limits. */
export async function unpackMember(
  member: TarMember,
  file: CoreFile,
  { count, programs }: { count: UnpackedCount; programs: DecompressOptions | undefined },
): Promise<number> {
  if (member.kind !== 'file') {
    for await (const { chunk, position } of member.extents()) await file.write(chunk, position)
    return member.size
  }
  const packed = packedMember(member)
  const reader = new ByteReader(packed.chunks)
  const packing = packingOf(await reader.peek(HEAD))
  let position = 0
  if (packing === undefined) {
    for await (const chunk of reader.rest()) {
      await file.write(chunk, position)
      position += chunk.length
    }
    return member.size
  }
  count.add(-member.size)
  try {
    for await (const chunk of decompress(reader.rest(), packing, programs)) {
      count.add(chunk.length)
      await file.write(chunk, position)
      position += chunk.length
    }
  } catch (error) {
    throw error === packed.failure() ? error : ofMember(error)
  }
  return position
}

/** The member's bytes, and what went wrong with the archive around them. */
function packedMember(member: TarMember): { chunks: AsyncGenerator<Uint8Array>; failure: () => unknown } {
  let failure: unknown
  async function* chunks() {
    try {
      for await (const { chunk } of member.extents()) yield chunk
    } catch (error) {
      failure = error
      throw error
    }
  }
  return { chunks: chunks(), failure: () => failure }
}

/** What is wrong is the member, not the body. */
function ofMember(error: unknown): unknown {
  if (!(error instanceof RetraceError) || error.code !== 'bad-stream') return error
  const detail = error.message.startsWith('The body')
    ? error.message.replace('The body', "The member 'coredump'")
    : `The member 'coredump' cannot be unpacked: ${error.message}`
  return new RetraceError('bad-stream', { detail, cause: error })
}
