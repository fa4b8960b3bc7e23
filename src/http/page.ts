/**
 * Pages for people: who gets one, and what goes with each so that a browser runs nothing but our own scripts, tells nobody
 * where it was, and shows the page in nobody's frame (docs/security.md).
 */
import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { answer, preferredType } from './answer.ts'
import { coderFor, type Coding } from '../stream/coding.ts'
import { codingFor, isWorthCoding } from './content_coding.ts'
import type { AppEnv } from './services.ts'

export const HTML = 'text/html'

/** No `unsafe-inline`: markup of a stranger that got into a page would still do nothing. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  // Not `no-referrer`: by the Fetch standard ('append a request Origin header') a form then sends `Origin: null`, which is nobody's.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Whether the caller names HTML in Accept, and nothing else above it: a browser does, `*` does not. */
export function wantsPage(c: Context<AppEnv>): boolean {
  return preferredType(c, [HTML, 'application/json', 'application/problem+json', 'text/markdown']) === HTML
}

export interface PageOptions {
  status?: number
  headers?: Record<string, string>
}

/** A page, in a coding where the caller asked for one. */
export async function answerPage(c: Context<AppEnv>, html: string, options: PageOptions = {}): Promise<Response> {
  const { status = 200 } = options
  const bytes = new TextEncoder().encode(html)
  const coding = isWorthCoding(bytes.length) ? codingFor(c.req.header('Accept-Encoding')) : undefined
  const body = coding === undefined ? bytes : await coded(bytes, coding)
  return new Response(body, {
    status,
    headers: {
      'Content-Type': `${HTML}; charset=utf-8`,
      'Content-Length': String(body.length),
      'Cache-Control': 'no-store',
      'Vary': 'Accept, Accept-Encoding, Cookie',
      ...PAGE_HEADERS,
      ...options.headers,
      ...(coding !== undefined && { 'Content-Encoding': coding }),
    },
  })
}

/** Sends a browser on with GET (RFC 9110, 15.4.4); `place` is relative, since a proxy may have put a path before ours. */
export function seeOther(place: string, headers: Record<string, string> = {}): Response {
  return answer('', { status: 303, headers: { Location: place, ...PAGE_HEADERS, ...headers } })
}

async function coded(plain: Uint8Array, coding: Coding): Promise<Uint8Array<ArrayBuffer>> {
  const coder = coderFor(coding)
  coder.end(plain)
  const pieces: Uint8Array[] = []
  for await (const piece of coder) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}
