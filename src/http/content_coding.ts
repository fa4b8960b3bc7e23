/**
 * Which coding of an answer a caller asked for (RFC 9110, 12.5.3). Who does not ask gets none: older ABRT
 * clients and curl cannot decode one. What is large goes as it is.
 */
import { type Coding, CODINGS } from '../stream/coding.ts'
import { MIB } from '../units/bytes.ts'

/** Smaller ones gain nothing. */
const MIN_BYTES = 1024
/** Of the plain text; RETRACE_MAX_BACKTRACE_KB is 16 MiB where nobody set it. */
const MAX_BYTES = 64 * MIB
const MAX_HEADER = 4096

/** The best of `known` by Accept-Encoding; undefined: as it is. `*` names none, so it asks for none. */
export function codingFor(accept: string | undefined, known: readonly Coding[] = CODINGS): Coding | undefined {
  const weights = new Map<string, number>()
  for (const part of (accept ?? '').slice(0, MAX_HEADER).split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    const q = Number(parameters.find((parameter) => /^q *=/.test(parameter))?.replace(/^q *= */, '') ?? 1)
    weights.set(name === 'x-gzip' ? 'gzip' : name, Number.isNaN(q) ? 0 : q)
  }
  const weightOf = (coding: string) => weights.get(coding) ?? 0
  const [best] = known.toSorted((a, b) => weightOf(b) - weightOf(a))
  if (best === undefined || weightOf(best) <= 0) return undefined
  // Who prefers it plain gets it plain.
  return weightOf(best) < weightOf('identity') ? undefined : best
}

/** Whether so many bytes are sent in a coding at all. */
export function isWorthCoding(bytes: number): boolean {
  return bytes >= MIN_BYTES && bytes <= MAX_BYTES
}
