/**
 * An upload from its body into a draft, in one pass: count, decompress, unpack, check. Nothing is held but a few
 * chunks, nothing is written twice; a slow disk slows the decompressor and, through it, the client.
 */
import type { Config } from '../config/config.ts'
import type { Draft } from '../spool/draft.ts'
import { decompress, type DecompressOptions, unlessOurs } from './decompress.ts'
import type { UploadPlan } from './headers.ts'
import { whatItIs } from './mistaken.ts'
import type { UnpackLimits } from './limits.ts'
import { countedBody } from './request_body.ts'
import { unpackCore } from './unpack_core.ts'
import { unpackTar } from './unpack_tar.ts'

export interface ReceiveOptions {
  config: UnpackLimits & Pick<Config, 'maxPackedMb'>
  /** Left out: the system's. */
  programs?: DecompressOptions
  /** Called when the core begins, and the upload therefore looks like one. */
  onCore?: () => void
}

/**
 * Reads `body` to its end and leaves the draft ready to be committed, or throws the first fault in the order of the
 * stream: RetraceError with a code that docs/http.md, 'POST /create' has a row for, or Error when something here does
 * not work.
 */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  upload: { plan: UploadPlan; draft: Draft },
  options: ReceiveOptions,
): Promise<void> {
  const { plan, draft } = upload
  const { config, onCore = () => undefined } = options
  const plain = decompress(
    countedBody(body, plan.contentLength, config),
    plan.encoding,
    options.programs,
    (head) => whatItIs(head, plan, 'sent'),
  )
  try {
    if (plan.manifest === 'bare') await unpackCore(plain, draft, { config, onCore, plan })
    else {await unpackTar(plain, draft, {
        manifest: plan.manifest,
        encoding: plan.encoding,
        config,
        onCore,
        programs: options.programs,
      })}
    if (plan.rounds !== undefined) draft.write('rounds', `${plan.rounds}\n`)
  } catch (error) {
    await unlessOurs(error, plan.encoding, options.programs)
    throw error
  } finally {
    await plain.return(undefined)
  }
}
