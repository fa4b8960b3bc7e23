/**
 * A bare core into a draft: refused at once when its first bytes are no ELF core, counted as it unpacks. Only the
 * worker reads further.
 */
import { RetraceError } from '../errors/errors.ts'
import { otherKind } from '../elf/other_kind.ts'
import type { Draft } from '../spool/draft.ts'
import { ByteReader } from './byte_reader.ts'
import { startsWith } from './bytes.ts'
import { UnpackedCount, type UnpackLimits } from './limits.ts'

/** e_ident, then e_type: as much as tells a core from anything else (gABI, chapter 4). */
const HEAD = 18
const ET_CORE = 4

/** A core that is packed, and nobody said so. */
const LOOKALIKES: readonly { magic: readonly number[]; hint: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], hint: "it is xz: send it with 'Content-Encoding: xz'" },
  { magic: [0x1f, 0x8b], hint: "it is gzip: send it with 'Content-Encoding: gzip'" },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], hint: "it is zstd: send it with 'Content-Encoding: zstd'" },
]

/** Throws what the stream throws, not-a-core, unpacked-too-large and no-space. */
export async function unpackCore(
  chunks: AsyncIterable<Uint8Array>,
  draft: Draft,
  options: { config: UnpackLimits; onCore: () => void },
): Promise<void> {
  const reader = new ByteReader(chunks)
  await checkHead(reader)
  options.onCore()
  const count = new UnpackedCount(options.config)
  const file = await draft.core()
  let position = 0
  for await (const chunk of reader.rest()) {
    count.add(chunk.length)
    await file.write(chunk, position)
    position += chunk.length
  }
  await file.finish(position)
}

/** Judges each byte as soon as it is there, without waiting for the others. */
async function checkHead(reader: ByteReader): Promise<void> {
  for (let length = 1; length <= HEAD; length++) {
    const head = await reader.peek(length)
    if (head.length < length || !mayBeCore(head)) throw notACore(reader.arrived)
  }
}

/** Whether bytes, as far as they go, are the beginning of an ELF core. */
export function mayBeCore(head: Uint8Array): boolean {
  const elf = [0x7f, 0x45, 0x4c, 0x46]
  if (!elf.slice(0, head.length).every((byte, index) => head[index] === byte)) return false
  const [fileClass, byteOrder] = [head[4], head[5]]
  if (fileClass !== undefined && fileClass !== 1 && fileClass !== 2) return false
  if (byteOrder !== undefined && byteOrder !== 1 && byteOrder !== 2) return false
  if (head.length < HEAD) return true
  return new DataView(head.buffer, head.byteOffset, HEAD).getUint16(16, byteOrder === 1) === ET_CORE
}

function notACore(head: Uint8Array): RetraceError {
  const other = otherKind(head)
  const hint = LOOKALIKES.find(({ magic }) => startsWith(head, magic))?.hint ??
    (other === undefined ? undefined : `it is ${other.what}: ${other.advice}`)
  return new RetraceError('not-a-core', {
    detail: `The body is not an ELF core${hint === undefined ? '' : `; ${hint}`}`,
  })
}
