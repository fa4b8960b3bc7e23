/**
 * Where a file is within a repository, as an index writes it, and its address. Only here do names become addresses,
 * since raw ones are misread by object stores (`+` as a space) and by everybody (`%3a` as a colon). A name that leads
 * out of the repository, or that no address can hold, is refused.
 */
import { controlIn } from '../../text/escape.ts'

const MAX_PLACE = 1000

/**
 * What is wrong with a place, as the end of a sentence that begins with what it is; undefined: nothing. `isEncoded`: who
 * publishes it has every letter encoded in its address, so that it may hold `?`, `#` and `\`.
 */
export function faultOfPlace(text: string, { isEncoded = false } = {}): string | undefined {
  if (text === '') return 'is empty'
  if (text.length > MAX_PLACE) return `is longer than ${MAX_PLACE} characters`
  if (controlIn(text) !== undefined) return 'holds a control character'
  if (text.includes('\ufffd')) return 'is no UTF-8'
  const unfit = /[?#\\]/.exec(text)?.[0]
  if (unfit !== undefined && !isEncoded) return `holds a ${unfit}, which ends or turns an address`
  const segments = segmentsOf(text)
  if (segments === undefined || hidesWayUp(text)) return 'leads out of the repository'
  return segments.length === 0 ? 'names no file' : undefined
}

/** A place without a fault in its one spelling: `/pool/./x`, `./pool/x` and `pool/y/../x` are `pool/x`. */
export function placeOf(text: string): string {
  return segmentsOf(text)?.join('/') ?? ''
}

/** `%2e%2e/` and the like: what is encoded here is literal, but who decodes twice would climb. */
function hidesWayUp(text: string): boolean {
  const plain = text.replace(/%(2e|2f|5c)/gi, (_, code) => String.fromCharCode(parseInt(code, 16)))
  return plain !== text && plain.split(/[/\\]/).includes('..')
}

/** Undefined where `..` leads above the top. */
function segmentsOf(text: string): string[] | undefined {
  const segments: string[] = []
  for (const segment of text.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return undefined
  }
  return segments
}

/**
 * The address of a place below another address, which ends in a slash; of one that begins with a slash below its host. What
 * apt and dnf encode is encoded.
 */
export function addressBelow(base: string, place: string): string {
  return (place.startsWith('/') ? new URL(base).origin : base) + place.replace(/[^A-Za-z0-9._/-]/gu, encoded)
}

function encoded(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
