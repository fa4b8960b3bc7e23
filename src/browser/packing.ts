/** What a chosen file is, by its first bytes and its name, and how it is announced to POST /create (docs/http.md). Pure. */

export type Packing = 'none' | 'gzip' | 'xz' | 'zstd'

export interface Content {
  readonly kind: 'core' | 'archive' | 'unknown'
  readonly packing: Packing
}

const TAR_TYPES: Readonly<Record<Packing, string>> = {
  none: 'application/x-tar',
  gzip: 'application/x-gzip',
  xz: 'application/x-xz',
  zstd: 'application/zstd',
}
const MAGIC: readonly [Packing, readonly number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
]
const ELF = [0x7f, 0x45, 0x4c, 0x46]
const USTAR_AT = 257

/** `first`: 512 bytes or more, where there are so many. What is packed is told by its name: it is a core unless it says tar. */
export function contentOf(first: Uint8Array, name: string): Content {
  const packing = MAGIC.find(([, magic]) => begins(first, magic))?.[0] ?? 'none'
  if (packing !== 'none') return { kind: /\.(tar\.\w+|tgz|txz|tzst)$/i.test(name) ? 'archive' : 'core', packing }
  if (begins(first, ELF)) return { kind: 'core', packing }
  const isTar = String.fromCharCode(...first.subarray(USTAR_AT, USTAR_AT + 5)) === 'ustar'
  return { kind: isTar || /\.tar$/i.test(name) ? 'archive' : 'unknown', packing }
}

/** The headers that say what is sent. */
export function announced({ kind, packing }: Content): Record<string, string> {
  if (kind === 'archive') return { 'Content-Type': TAR_TYPES[packing] }
  return { 'Content-Type': 'application/x-core', ...(packing !== 'none' && { 'Content-Encoding': packing }) }
}

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte)
}
