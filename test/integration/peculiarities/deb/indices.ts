/** Rows on indices: by which names, in which forms and with which checksums they can be had. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../../packages/world.ts'
import { type DebPeculiarity, published, served } from './world.ts'

/** Removes files of the suite that was published. */
function without(world: World, ...names: string[]): void {
  for (const name of names) rmSync(join(world.repository.root, 'dists/bookworm', name), { recursive: true })
}

function lacking(name: string, files: string[], more: Partial<DebPeculiarity> = {}): DebPeculiarity {
  const row = published(name, {}, more)
  return {
    ...row,
    async make(world) {
      await row.make(world)
      without(world, ...files)
    },
  }
}

const PACKAGES = 'main/binary-amd64/Packages'
const BY_HASH = { options: { byHash: true } }

export const INDICES: DebPeculiarity[] = [
  published('with indices by their checksums', { byHash: true }),
  served('that says by-hash and has none, with 404', [['by-hash', 'missing']], BY_HASH),
  ...(['forbidden', 'error', 'html', 'altered', 'shorter', 'longer', 'redirects-forever'] as const).map((fault) =>
    served(`whose by-hash is ${fault}`, [['by-hash', fault]], BY_HASH)
  ),
  published('with by-hash of SHA256 and SHA512', { byHash: true, hashes: ['SHA256', 'SHA512'] }),
  published('with MD5, SHA1 and SHA256', { hashes: ['MD5Sum', 'SHA1', 'SHA256'] }),
  published('with SHA512 alone', { hashes: ['SHA512'] }),
  published('with SHA512 alone, by-hash', { hashes: ['SHA512'], byHash: true }),
  published('with MD5 and SHA1 alone', { hashes: ['MD5Sum', 'SHA1'] }, {
    taken: [],
    says: /has no SHA256 or SHA512 of its indices/,
  }),
  published('whose SHA512 fits and whose SHA256 does not', {
    hashes: ['SHA256', 'SHA512'],
    release: (text) => text.replace(/^ [0-9a-f]{64} /gm, ` ${'0'.repeat(64)} `),
  }, { taken: [] }),
  published('whose SHA256 fits and whose SHA512 does not', {
    hashes: ['SHA256', 'SHA512'],
    release: (text) => text.replace(/^ [0-9a-f]{128} /gm, ` ${'0'.repeat(128)} `),
  }, { taken: [] }),
  ...(['xz', 'gz', 'bz2', 'zst', 'lzma', 'lz4', 'none'] as const).map((compression) =>
    published(`with an index in ${compression} alone`, { compressions: [compression] })
  ),
  lacking('that lists .xz and .gz, and has .gz', [`${PACKAGES}.xz`]),
  lacking('that lists .xz and .gz, and has .xz', [`${PACKAGES}.gz`]),
  {
    ...lacking('that lists three forms, and has the plain one', []),
    async make(world) {
      await published('', { compressions: ['xz', 'gz', 'none'] }).make(world)
      without(world, `${PACKAGES}.gz`, `${PACKAGES}.xz`)
    },
  },
  lacking('without any of the forms that it lists', [`${PACKAGES}.gz`, `${PACKAGES}.xz`], { taken: [] }),
  served('that forbids one form', [['Packages.xz', 'forbidden']]),
  served('that fails with one form', [['Packages.xz', 'error']]),
  published('that lists no plain form', { listsPlain: false }, {
    theirs: { taken: [], because: 'apt looks for the plain name alone; the compressed ones say all that is needed' },
  }),
]
