/**
 * A body into the files of a task, in one pass: decompress, unpack, check. Nothing is held but a few chunks, nothing is written
 * twice; a slow disk slows the decompressor and, through it, whoever sends. It knows no request: receive.ts calls it in the
 * thread of the server, src/unpacking in one of its own.
 */
import type { DraftFiles } from '../spool/draft_files.ts'
import { decompress, type DecompressOptions, unlessOurs } from './decompress.ts'
import type { UploadPlan } from './headers.ts'
import type { UnpackLimits } from './limits.ts'
import { whatItIs } from './mistaken.ts'
import { unpackCore } from './unpack_core.ts'
import { unpackTar } from './unpack_tar.ts'

export interface UnpackOptions {
  config: UnpackLimits
  /** Left out: the system's. */
  programs?: DecompressOptions | undefined
  /** Called when the core begins, and the upload therefore looks like one. */
  onCore?: (() => void) | undefined
}

/**
 * Reads `chunks` to their end, and leaves the files complete, but for small ones that are still on their way to the disk. Throws what
 * `chunks` throw, else the first fault in the order of the stream: RetraceError with a code that docs/http.md, 'POST /create' has a
 * row for, or Error when something here does not work.
 */
export async function unpack(
  chunks: AsyncIterable<Uint8Array>,
  { plan, files }: { plan: UploadPlan; files: Pick<DraftFiles, 'core' | 'write'> },
  { config, programs, onCore = () => undefined }: UnpackOptions,
): Promise<void> {
  const { manifest, encoding } = plan
  const plain = decompress(chunks, encoding, programs, (head) => whatItIs(head, plan, 'sent'))
  try {
    if (manifest === 'bare') await unpackCore(plain, files, { config, onCore, plan })
    else await unpackTar(plain, files, { manifest, encoding, config, onCore, programs })
    if (plan.rounds !== undefined) await files.write('rounds', `${plan.rounds}\n`)
  } catch (error) {
    await unlessOurs(error, encoding, programs)
    throw error
  } finally {
    await plain.return(undefined)
  }
}
