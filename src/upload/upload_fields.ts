/**
 * The header fields of the IETF draft 'Resumable Uploads for HTTP' (draft-ietf-httpbis-resumable-upload-12, interop version 8):
 * structured fields (RFC 9651), of which each is ignored where its value is not what the draft says. Pure.
 */
import { MIB } from '../units/bytes.ts'
import type { RequestHead } from './headers.ts'

/** What both sides of the draft name while it is one. */
export const DRAFT = { name: 'draft-ietf-httpbis-resumable-upload-12', interopVersion: 8 } as const

/** What a PATCH carries. */
export const PARTIAL_TYPE = 'application/partial-upload'

/** `Upload-Complete`: whether the request brings the end of the upload; undefined: it does not say. */
export function uploadComplete(head: RequestHead): boolean | undefined {
  const [, digit] = /^ *\?([01]) *(?:;.*)?$/.exec(head.get('upload-complete') ?? '') ?? []
  return digit === undefined ? undefined : digit === '1'
}

/** `Upload-Offset` or `Upload-Length`, in bytes; undefined: it is missing, or no such number. */
export function uploadNumber(head: RequestHead, name: 'upload-offset' | 'upload-length'): number | undefined {
  const [, digits] = /^ *([0-9]{1,15}) *(?:;.*)?$/.exec(head.get(name) ?? '') ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** `Upload-Limit`: the most bytes of an upload, and the whole seconds that it has left. */
export function uploadLimit({ maxPackedMb, seconds }: { maxPackedMb: number; seconds: number }): string {
  return `max-size=${maxPackedMb * MIB}, max-age=${Math.max(0, Math.floor(seconds))}`
}
