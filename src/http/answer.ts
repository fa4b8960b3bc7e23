/**
 * Makes complete answers: each has its type and its Content-Length (docs/http.md, 'Rules for every answer': the older
 * ABRT client cannot read chunked answers), and none may be stored by a cache.
 */
import { lstatSync } from 'node:fs'
import type { Context } from 'hono'
import { plainSize, readPlain } from '../files/plain.ts'
import { readFileChunks } from '../stream/file.ts'
import { pullStream } from '../stream/pull.ts'
import type { ResultSource } from '../runner/coded_results.ts'
import type { Coding } from '../stream/coding.ts'
import { codingFor, isWorthCoding } from './content_coding.ts'
import type { AppEnv } from './services.ts'

export const TEXT = 'text/plain; charset=utf-8'
export const JSON_TYPE = 'application/json'
export const MARKDOWN = 'text/markdown'

/** Text and JSON may hold what a stranger wrote: no browser takes them for a script, a style or a page (Fetch, 3.7). */
export const NO_GUESSING = { 'X-Content-Type-Options': 'nosniff' } as const

/** Files up to this size are read at once, larger ones as the client takes them. */
const AT_ONCE = 65_536

export interface AnswerOptions {
  status?: number
  type?: string
  headers?: Record<string, string>
}

/** An answer with this body. An empty one has `Content-Length: 0`; a 204 has no length. */
export function answer(body: string, options: AnswerOptions = {}): Response {
  const bytes = new TextEncoder().encode(body)
  return new Response(bytes.length === 0 ? null : bytes, {
    status: options.status ?? 200,
    headers: headersOf(bytes.length, options),
  })
}

/** The headers of an answer whose body has so many bytes. */
export function headersOf(bytes: number, { status, type = TEXT, headers }: AnswerOptions): Record<string, string> {
  return {
    ...(bytes > 0 && { 'Content-Type': type }),
    ...(status !== 204 && { 'Content-Length': String(bytes) }),
    'Cache-Control': 'no-store',
    ...NO_GUESSING,
    ...headers,
  }
}

/** An answer in JSON, with a line end for those who look at it in a terminal. */
export function answerJson(value: unknown, options: AnswerOptions = {}): Response {
  return answer(`${JSON.stringify(value)}\n`, { type: JSON_TYPE, ...options })
}

/** What a caller said about the result that it asks for. */
export interface FileWishes {
  /** Accept-Encoding, If-None-Match. */
  acceptEncoding: string | undefined
  ifNoneMatch: string | undefined
  /** The headers by which the answer was chosen, besides Accept-Encoding. */
  vary?: readonly string[]
  /** It asks for the headers alone: nothing is made for it. */
  isHead: boolean
  /** Aborts when it has gone. */
  gone: AbortSignal
}

interface FileContext {
  type: string
  stopping: AbortSignal
  wishes: FileWishes
}

/**
 * A result of a task, with its length and its ETag, in a coding where the caller asked for one; 304 where he has it;
 * undefined when there is none. What may still change is in no coding. A HEAD of a coding that nobody has asked for yet has no
 * length (RFC 9110, 9.3.2).
 */
export async function answerFile(
  source: ResultSource,
  { type, stopping, wishes }: FileContext,
): Promise<Response | undefined> {
  const { path } = source
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (found?.isFile() !== true) return undefined
  const size = Number(found.size)
  const wanted = isWorthCoding(size) && source.isFinal() ? codingFor(wishes.acceptEncoding) : undefined
  const headers = (coding: Coding | undefined) => ({
    'Vary': [...wishes.vary ?? [], 'Accept-Encoding'].join(', '),
    'ETag': entityTag(found, coding),
    'Cache-Control': 'no-store',
    ...NO_GUESSING,
  })
  const whole = (coding: Coding | undefined) => ({
    ...headers(coding),
    'Content-Type': type,
    ...(coding !== undefined && { 'Content-Encoding': coding }),
  })
  if (matchesTag(wishes.ifNoneMatch, headers(wanted).ETag)) {
    return new Response(null, { status: 304, headers: headers(wanted) })
  }
  if (wanted !== undefined && wishes.isHead && source.kept(wanted) === undefined) {
    return new Response(null, { headers: whole(wanted) })
  }
  const copy = wanted && await source.get(wanted, wishes.gone)
  return fileResponse(copy ?? path, { stopping, headers: whole(copy === undefined ? undefined : wanted) })
}

/** Undefined: there is no file any more. */
function fileResponse(
  path: string,
  { stopping, headers }: { stopping: AbortSignal; headers: Record<string, string> },
): Response | undefined {
  const size = plainSize(path)
  const body = size !== undefined && size > AT_ONCE ? pullStream(() => readFileChunks(path), stopping) : readPlain(path)
  if (body === undefined) return undefined
  const length = body instanceof ReadableStream ? size : body.length
  return new Response(body, { headers: { ...headers, 'Content-Length': String(length) } })
}

/**
 * Files of a task appear by a rename, whole, and never change. What a coder makes of one may differ from version to version,
 * so that its tag is a weak one, of its own (RFC 9110, 8.8.1 and 8.8.3.3).
 */
function entityTag({ ino, size, mtimeNs }: { ino: bigint; size: bigint; mtimeNs: bigint }, coding?: Coding): string {
  const file = [ino, size, mtimeNs].map((number) => number.toString(36)).join('-')
  return coding === undefined ? `"${file}"` : `W/"${file}-${coding}"`
}

/** If-None-Match, by the weak comparison (RFC 9110, 13.1.2). */
export function matchesTag(given: string | undefined, tag: string): boolean {
  const opaque = (each: string) => each.trim().replace(/^W\//, '')
  return (given ?? '').slice(0, 4096).split(',').some((each) => each.trim() === '*' || opaque(each) === opaque(tag))
}

/** Whether the caller prefers JSON, or one of these kinds of it, to text. */
export function prefersJson(c: Context<AppEnv>, types: readonly string[] = [JSON_TYPE]): boolean {
  return preferredType(c, types) !== undefined
}

/**
 * What the caller prefers to text (RFC 9110, 12.5.1): the one of `types` that Accept names highest, and not below
 * text/plain. `*` is no preference: curl and browsers get text, which is `undefined` here.
 */
export function preferredType<const Type extends string>(c: Context<AppEnv>, types: readonly Type[]): Type | undefined {
  const weights = new Map<string, number>()
  for (const part of (c.req.header('Accept') ?? '').slice(0, 4096).split(',')) {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    const q = Number(parameters.find((parameter) => /^q *=/.test(parameter))?.replace(/^q *= */, '') ?? 1)
    weights.set(type, Number.isNaN(q) ? 0 : q)
  }
  const weightOf = (type: string) => weights.get(type) ?? 0
  // What is not named has the weight of what stands for it (RFC 9110, 12.5.1).
  const text = weights.get('text/plain') ?? weights.get('text/*') ?? weightOf('*/*')
  const [best] = types.toSorted((a, b) => weightOf(b) - weightOf(a))
  return best !== undefined && weightOf(best) > 0 && weightOf(best) >= text ? best : undefined
}
