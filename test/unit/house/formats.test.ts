import { describe, expect, it } from 'vitest'
import { FORMATS } from '../../../src/packages/formats.ts'
import { codeOf, loadedWith, sources } from '../../helpers/sources.ts'

const OWN = /^src\/packages\/(deb|rpm)\//
/** The whole list and the light one. */
const LISTS = ['src/packages/formats.ts', 'src/packages/naming/namings.ts']
const all = sources('src', 'workers', 'schema')
const others = all.filter(({ path }) => !OWN.test(path) && !LISTS.includes(path))

/** What only a format knows: its name, the endings of its files, its words for names and architectures. */
const WORDS = new RegExp(
  [
    `['"\`](${FORMATS.map(({ name }) => name).join('|')}|noarch)['"\`]`,
    `['"\`]\\.(deb|rpm|${FORMATS.map(({ extension }) => extension.slice(1)).join('|')})['"\`]`,
    'noarch\\b|dbgsym|-dbg\\b|(?<!no)-debug(info|source)\\b',
  ].join('|'),
)

/** What fetching and opening need, and a task whose packages are all here does not. */
const HEAVY = ['undici', 'saxes', 'tar-stream', 'p-queue']

describe('the package formats', () => {
  it('only the two lists of formats import them', () => {
    const guilty = others.filter(({ imports }) => imports.some((path) => OWN.test(path)))
    expect(guilty.map(({ path }) => path)).toEqual([])
  })

  it('no code but its own names a format', () => {
    const guilty = others.flatMap((source) =>
      codeOf(source).split('\n').filter((line) => WORDS.test(line)).map((line) => `${source.path}: ${line.trim()}`)
    )
    expect(guilty).toEqual([])
  })

  it('a server loads nothing of network and archives of packages', () => {
    const { packages } = loadedWith('src/main.ts', all)
    expect(HEAVY.filter((name) => packages.has(name))).toEqual(['p-queue'])
  })

  it('a worker that starts loads names and versions of the formats, and nothing of network and archives', () => {
    const { files, packages } = loadedWith('workers/retrace/main.ts', all)
    expect(HEAVY.filter((name) => packages.has(name))).toEqual([])
    expect([...files].filter((path) => OWN.test(path)).sort()).toEqual([
      'src/packages/deb/naming.ts',
      'src/packages/deb/version.ts',
      'src/packages/rpm/naming.ts',
      'src/packages/rpm/version.ts',
    ])
  })

  it('network and archives are loaded where packages are fetched', () => {
    const { packages } = loadedWith('src/packages/supply/package.ts', all)
    expect(HEAVY.filter((name) => packages.has(name))).toEqual(['undici', 'saxes', 'tar-stream'])
  })
})
