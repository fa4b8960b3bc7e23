/**
 * What one PATCH of an upload in parts may append, decided from its header fields and from the state of the upload, in the order of
 * docs/http.md, 'Uploads in parts'. Pure, but for the counting of what comes.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import type { PartialUpload } from '../spool/partial_upload.ts'
import { quote } from '../text/escape.ts'
import { MIB } from '../units/bytes.ts'
import { packedTooLarge, type RequestHead } from './headers.ts'
import { clientGone } from './request_body.ts'
import { PARTIAL_TYPE, uploadComplete, uploadNumber } from './upload_fields.ts'
import { count } from '../text/count.ts'

/** What a request announces. */
export interface Appending {
  readonly offset: number
  /** The upload is complete with it. */
  readonly isLast: boolean
  /** Bytes of its body; undefined: it is chunked. */
  readonly contentLength?: number
  /** Bytes of the whole upload, where it says so. */
  readonly length?: number | undefined
}

type State = Pick<PartialUpload, 'offset' | 'task' | 'head'>

/** Throws unsupported-media-type, unsupported-content-encoding, bad-request. */
export function readAppending(head: RequestHead): Appending {
  const type = (head.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type !== PARTIAL_TYPE) {
    throw new RetraceError('unsupported-media-type', {
      detail: `The parts of an upload are sent with 'Content-Type: ${PARTIAL_TYPE}', not '${quote(type)}'`,
      headers: { 'Accept-Patch': PARTIAL_TYPE },
    })
  }
  const coding = head.get('content-encoding')
  if (coding !== null) {
    throw new RetraceError('unsupported-content-encoding', {
      detail: `A part of an upload has no Content-Encoding of its own ('${quote(coding)}'): that of the whole was ` +
        'named where the upload began',
    })
  }
  const [offset, isLast] = [uploadNumber(head, 'upload-offset'), uploadComplete(head)]
  if (offset === undefined || isLast === undefined) {
    throw new RetraceError('bad-request', {
      detail: "A part of an upload needs 'Upload-Offset: NUMBER', and 'Upload-Complete: ?1', or ?0 where more follows",
    })
  }
  const isChunked = head.get('transfer-encoding') !== null
  const said = head.get('content-length') ?? '0'
  if (!isChunked && !/^[0-9]{1,15}$/.test(said.trim())) {
    throw new RetraceError('bad-request', { detail: `Content-Length '${quote(said)}' is not a number of bytes` })
  }
  const length = uploadNumber(head, 'upload-length')
  if (isChunked) return { offset, isLast, length }
  const contentLength = Number(said)
  const whole = isLast ? offset + contentLength : undefined
  if (length !== undefined && whole !== undefined && length !== whole) throw lengthMismatch(length, whole)
  return { offset, isLast, contentLength, length: length ?? whole }
}

/**
 * Throws upload-completed, upload-length-mismatch, upload-offset-mismatch, packed-too-large, length-required: whatever it throws, the
 * upload is as before.
 */
export function checkAppend(state: State, appending: Appending, config: Pick<Config, 'maxPackedMb'>): void {
  const { offset, isLast, contentLength, length } = appending
  const known = state.head.length
  if (state.task !== undefined) throw completed(state, contentLength)
  if (offset !== state.offset) throw offsetMismatch(state.offset, offset)
  if (known !== undefined && length !== undefined && known !== length) throw lengthMismatch(known, length)
  const end = offset + (contentLength ?? 0)
  if (known !== undefined && end > known) throw lengthMismatch(known, end)
  if (Math.max(end, length ?? 0) > config.maxPackedMb * MIB) throw packedTooLarge(config)
  if (isLast && contentLength === undefined && (known ?? length) === undefined) {
    throw new RetraceError('length-required', {
      detail:
        'The last part of an upload has to announce its size (Content-Length), or that of the whole (Upload-Length)',
    })
  }
}

/**
 * Passes a body on as far as the upload has room for it. Throws upload-length-mismatch and packed-too-large where it brings more,
 * client-gone where it ends before what it announced: a stream of HTTP/2 that was reset ends like one that is complete.
 */
export async function* roomFor(
  body: AsyncIterable<Uint8Array>,
  state: State,
  { appending: { contentLength, isLast }, config }: { appending: Appending; config: Pick<Config, 'maxPackedMb'> },
): AsyncGenerator<Uint8Array> {
  const start = state.offset
  const { length } = state.head
  const room = (length ?? config.maxPackedMb * MIB) - start
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > room) throw length === undefined ? packedTooLarge(config) : lengthMismatch(length, start + bytes)
    yield chunk
  }
  if (contentLength !== undefined && bytes < contentLength) throw clientGone()
  if (isLast && length !== undefined && bytes < room) throw lengthMismatch(length, start + bytes)
}

/** The 400 for lengths that contradict each other. */
export function lengthMismatch(known: number, said: number): RetraceError {
  return new RetraceError('upload-length-mismatch', {
    detail: `The upload has ${count(known, 'byte')}, by what was said first, and ${said} by this request`,
  })
}

/** The 409 for who reads while somebody else goes on. */
export function takenOver(offset: number): RetraceError {
  return new RetraceError('upload-taken-over', {
    detail: 'Another request came for this upload, and goes on with it',
    headers: { 'Upload-Offset': String(offset), 'Upload-Complete': '?0' },
  })
}

function offsetMismatch(expected: number, provided: number): RetraceError {
  return new RetraceError('upload-offset-mismatch', {
    detail: `The next byte of the upload is at ${expected}, and this part begins at ${provided}`,
    headers: { 'Upload-Offset': String(expected), 'Upload-Complete': '?0' },
    members: { 'expected-offset': expected, 'provided-offset': provided },
  })
}

/** Of one that is complete: bytes contradict its length, and without bytes there is nothing left to complete. */
function completed({ task, offset, head }: State, contentLength: number | undefined): RetraceError {
  const headers = { 'Upload-Complete': '?1', 'Upload-Offset': String(offset), 'Location': `/${task}` }
  if (contentLength !== 0) {
    return lengthMismatch(head.length ?? offset, offset + (contentLength ?? 1)).withHeaders(headers)
  }
  return new RetraceError('upload-completed', { detail: `The upload is complete, and is task ${task}`, headers })
}
