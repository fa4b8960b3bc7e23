/**
 * What a host answers, as the transfer takes it: which part of the file comes, how much, and by what it is known again.
 */
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { FetchError } from '../format/error.ts'
import { shown } from './refusal.ts'

export interface Answer {
  status: number
  /** 206: the first byte of the body is at this offset of the file; else 0. */
  offset: number
  /** Bytes that the body announces, when it does. */
  length: number | undefined
  etag: string | undefined
  lastModified: string | undefined
  /** What it says of itself; a page of HTML stands in the place of many a file. */
  isHtml: boolean
  body: Readable
}

/** The answer to a request for a file from the offset `from` on; throws FetchError for another part than that. */
export function checkAnswer(
  url: URL,
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  from: number,
): Answer {
  let offset = 0
  if (status === 206) {
    offset = Number(/^bytes (\d{1,15})-/.exec(one(headers['content-range']) ?? '')?.[1] ?? Number.NaN)
    if (offset !== from) {
      body.destroy()
      throw new FetchError('refused', `${shown(url)} sent another part of the file than the one asked for`)
    }
  }
  const length = one(headers['content-length'])
  return {
    status,
    offset,
    length: length === undefined ? undefined : Number(length),
    etag: one(headers.etag),
    lastModified: one(headers['last-modified']),
    isHtml: /^text\/html\b/i.test(one(headers['content-type']) ?? ''),
    body,
  }
}

/** The first value of a header. */
export function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}
