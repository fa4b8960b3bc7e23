/** An upload from its body into a draft: counted here, unpacked by whoever is to do that. */
import type { Config } from '../config/config.ts'
import type { Draft } from '../spool/draft.ts'
import type { UploadPlan } from './headers.ts'
import { countedBody } from './request_body.ts'
import { unpack, type UnpackOptions } from './unpack.ts'

/** What is unpacked, and where. */
export interface Upload {
  plan: UploadPlan
  draft: Draft
}

/** Who unpacks: chunks into the draft, as unpack() does, whose failures it has, and unpacking-failed. */
export interface Unpacker {
  unpack(chunks: AsyncIterable<Uint8Array>, upload: Upload, options: UnpackerOptions): Promise<void>
}

export interface UnpackerOptions extends UnpackOptions {
  config: UnpackOptions['config'] & Pick<Config, 'minFreeMb'>
}

export interface ReceiveOptions extends UnpackerOptions {
  config: UnpackerOptions['config'] & Pick<Config, 'maxPackedMb'>
  /** Left out: this thread. */
  unpacker?: Unpacker | undefined
}

/**
 * Reads `body` to its end and leaves the draft ready to be committed. Throws what unpack() and the unpacker throw, packed-too-large and
 * client-gone.
 */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  upload: Upload,
  { unpacker = HERE, ...options }: ReceiveOptions,
): Promise<void> {
  const { contentLength } = upload.plan
  await unpacker.unpack(countedBody(body, contentLength, options.config), upload, options)
}

/** In this thread. */
export const HERE: Unpacker = {
  async unpack(chunks, { plan, draft }, options) {
    await unpack(chunks, { plan, files: draft }, options)
  },
}
