/**
 * A bare core into its file: refused at once when its first bytes are no ELF core, counted as it unpacks. Only the
 * worker reads further.
 */
import { RetraceError } from '../errors/errors.ts'
import type { DraftFiles } from '../spool/draft_files.ts'
import { ByteReader } from './byte_reader.ts'
import { startsWith } from './bytes.ts'
import type { UploadPlan } from './headers.ts'
import { UnpackedCount, type UnpackLimits } from './limits.ts'
import { whatItIs } from './mistaken.ts'

/** e_ident, then e_type: as much as tells a core from anything else (gABI, chapter 4). */
const HEAD = 18
const ET_CORE = 4
const ELF = [0x7f, 0x45, 0x4c, 0x46]

/** Throws what the stream throws, not-a-core, unpacked-too-large and no-space. */
export async function unpackCore(
  chunks: AsyncIterable<Uint8Array>,
  files: Pick<DraftFiles, 'core'>,
  options: { config: UnpackLimits; onCore: () => void; plan?: Pick<UploadPlan, 'manifest' | 'encoding'> },
): Promise<void> {
  const reader = new ByteReader(chunks)
  await checkHead(reader, options.plan ?? { manifest: 'bare', encoding: 'none' })
  options.onCore()
  const count = new UnpackedCount(options.config)
  const file = await files.core()
  let position = 0
  for await (const chunk of reader.rest()) {
    count.add(chunk.length)
    await file.write(chunk, position)
    position += chunk.length
  }
  await file.finish(position)
}

/** Judges each byte as soon as it is there, without waiting for the others. */
async function checkHead(reader: ByteReader, plan: Pick<UploadPlan, 'manifest' | 'encoding'>): Promise<void> {
  for (let length = 1; length <= HEAD; length++) {
    const head = await reader.peek(length)
    if (head.length < length || !mayBeCore(head)) throw notACore(reader.arrived, plan)
  }
}

/** Whether bytes, as far as they go, are the beginning of an ELF core. */
export function mayBeCore(head: Uint8Array): boolean {
  if (!ELF.slice(0, head.length).every((byte, index) => head[index] === byte)) return false
  const [fileClass, byteOrder] = [head[4], head[5]]
  if (fileClass !== undefined && fileClass !== 1 && fileClass !== 2) return false
  if (byteOrder !== undefined && byteOrder !== 1 && byteOrder !== 2) return false
  if (head.length < HEAD) return true
  return new DataView(head.buffer, head.byteOffset, HEAD).getUint16(16, byteOrder === 1) === ET_CORE
}

function notACore(head: Uint8Array, plan: Pick<UploadPlan, 'manifest' | 'encoding'>): RetraceError {
  // An ELF file that is no core: a program or a library.
  const isElf = startsWith(head, ELF)
  const hint = isElf ? 'it is an ELF file, but no core of a crashed program' : whatItIs(head, plan, 'unpacked')
  return new RetraceError('not-a-core', {
    detail: `The body is not an ELF core${hint === undefined ? '' : `; ${hint}`}`,
  })
}
