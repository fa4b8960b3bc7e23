/** The codings of HTTP (RFC 9110, 8.4.1) that this Node can make. */
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'

export type Coding = 'zstd' | 'gzip'

const ZSTD = 'createZstdCompress' in zlib ? (zlib.createZstdCompress as () => Transform) : undefined

/** The codings that this Node has, the better one first. */
export const CODINGS: readonly Coding[] = ZSTD === undefined ? ['gzip'] : ['zstd', 'gzip']

/** How names of files in a coding end. */
export const ENDINGS = { gzip: 'gz', zstd: 'zst' } as const satisfies Record<Coding, string>

/** What makes a coding of what is written to it. */
export function coderFor(coding: Coding): Transform {
  return coding === 'zstd' && ZSTD !== undefined ? ZSTD() : zlib.createGzip()
}
