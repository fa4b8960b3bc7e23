/** An upload without a server: a body straight into receive(), and what became of it. */
import type { Buffer } from 'node:buffer'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RetraceError } from '../../src/errors/errors.ts'
import type { Accepted } from '../../src/spool/draft.ts'
import type { DecompressOptions } from '../../src/upload/decompress.ts'
import type { UploadPlan } from '../../src/upload/headers.ts'
import { receive, type Unpacker } from '../../src/upload/receive.ts'
import { inPieces, type TestSpool } from './archives.ts'

export interface Attempt {
  manifest?: UploadPlan['manifest']
  encoding?: UploadPlan['encoding']
  programs?: DecompressOptions
  /** Bytes of a piece of the body. */
  pieces?: number
  /** In place of the body's length. */
  contentLength?: number
  /** Left out: this thread. */
  unpacker?: Unpacker
}

/** Receives `body` and makes it a task. Throws what receive() throws. */
export async function upload(
  { spool, config }: TestSpool,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  attempt: Attempt = {},
): Promise<Accepted> {
  const { manifest = 'design', encoding = 'none' } = attempt
  const contentLength = attempt.contentLength ?? (body instanceof Uint8Array ? body.length : 0)
  const plan: UploadPlan = { manifest, packaging: manifest === 'bare' ? 'core' : 'tar', encoding, contentLength }
  await using draft = await spool.draft(spool.reserve(contentLength))
  const pieces = body instanceof Uint8Array ? inPieces(body, attempt.pieces) : body
  await receive(pieces, { plan, draft }, { config, programs: attempt.programs, unpacker: attempt.unpacker })
  return await draft.commit(manifest)
}

/** The failure of an upload that must be refused, once it is sure that nothing of it is left in the spool. */
export async function refused(
  test: TestSpool,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  attempt: Attempt = {},
): Promise<RetraceError> {
  const before = test.names()
  let error: unknown
  try {
    await upload(test, body, attempt)
  } catch (cause) {
    error = cause
  }
  if (error === undefined) throw new Error('The upload was not refused')
  if (!(error instanceof RetraceError)) throw error
  const left = test.names().filter((name) => !before.includes(name))
  if (left.length > 0) throw new Error(`The refused upload left ${left.join(', ')} in the spool`)
  return error
}

/** The files of a task by name. */
export function filesOf({ task }: Accepted): Record<string, Buffer> {
  return Object.fromEntries(
    readdirSync(task.directory).sort().map((name) => [name, readFileSync(join(task.directory, name))]),
  )
}

/** Bytes that the disk holds for a file. */
export function bytesOnDisk(path: string): number {
  return statSync(path).blocks * 512
}

/** Bytes that the disk holds for a task's core. */
export function coreOnDisk({ task }: Accepted): number {
  return bytesOnDisk(join(task.directory, 'coredump'))
}
