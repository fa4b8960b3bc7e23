/**
 * An upload that is something else than its headers say: named as what it is, with the headers that it should have had. Pure.
 * Looks at first bytes alone, and only where they are not what was announced.
 */
import { otherKind } from '../elf/other_kind.ts'
import { startsWith } from './bytes.ts'
import { type Encoding, headersFor, type UploadPlan } from './headers.ts'
import { isTarHeader, TAR_BLOCK } from './tar_header.ts'

type Packing = Exclude<Encoding, 'none'>

const PACKED: readonly { magic: readonly number[]; packing: Packing }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], packing: 'xz' },
  { magic: [0x1f, 0x8b], packing: 'gzip' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], packing: 'zstd' },
]
const ELF = [0x7f, 0x45, 0x4c, 0x46]
const MIN_TEXT = 16
/** More says no more. */
const MAX_HEAD = 1024

/**
 * What bytes are, as the end of a sentence: `it is ..., send it with ...`; undefined where nobody knows. `layer`: as they came,
 * or unpacked as the headers said.
 */
export function whatItIs(
  bytes: Uint8Array,
  { manifest, encoding }: Pick<UploadPlan, 'manifest' | 'encoding'>,
  layer: 'sent' | 'unpacked',
): string | undefined {
  const head = bytes.subarray(0, MAX_HEAD)
  const outer = layer === 'unpacked' ? encoding : 'none'
  const send = (what: string, headers: string | undefined) =>
    headers === undefined ? undefined : `it is ${what}: send it with ${headers}`
  const packed = PACKED.find(({ magic }) => startsWith(head, magic))?.packing
  if (packed !== undefined && outer === 'none') return send(packed, headersFor(manifest, packed))
  if (packed !== undefined) return `it is ${packed} within ${outer}: pack it once`
  if (startsWith(head, ELF)) return send('an ELF file, as a bare core is one', headersFor('bare', outer))
  if (head.length >= TAR_BLOCK && isTarHeader(head.subarray(0, TAR_BLOCK))) {
    return send('a tar archive', headersFor(manifest === 'abrt' ? 'abrt' : 'design', outer))
  }
  const other = otherKind(head)
  if (other !== undefined) return `it is ${other.what}: ${other.advice}`
  return isText(head) ? 'it is text: send the core itself, or an archive that holds it' : undefined
}

/** Printable letters alone, as base64, a log or a page of HTML have them. */
function isText(head: Uint8Array): boolean {
  return head.length >= MIN_TEXT &&
    head.every((byte) => byte >= 0x20 && byte < 0x7f || byte === 10 || byte === 13 || byte === 9)
}
