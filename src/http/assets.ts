/**
 * The style and the scripts of the pages, as ops/lib/build puts them into dist/pages: a closed list, read once. Each address holds
 * a piece of its content's hash, so that browsers may keep it for ever. Where nothing was built, pages do without.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readPlain } from '../files/plain.ts'

const TYPES = {
  'pages.css': 'text/css; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
  'slim.js': 'text/javascript; charset=utf-8',
  'task.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const
export type AssetName = keyof typeof TYPES

export interface Asset {
  readonly type: string
  readonly plain: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer>
  readonly hash: string
}

export type Assets = ReadonlyMap<string, Asset>

const HASH_LENGTH = 10

export function readAssets(folder: string): Assets {
  const assets = new Map<string, Asset>()
  for (const [name, type] of Object.entries(TYPES)) {
    const plain = readPlain(join(folder, name))
    if (plain === undefined) continue
    const hash = createHash('sha256').update(plain).digest('hex').slice(0, HASH_LENGTH)
    assets.set(name, { type, plain, gzip: new Uint8Array(gzipSync(plain, { level: 9 })), hash })
  }
  return assets
}

/** The address of one, relative to the root; undefined where it was not built. */
export function addressOf(assets: Assets, name: AssetName): string | undefined {
  const found = assets.get(name)
  return found === undefined ? undefined : `assets/${name}?${found.hash}`
}
