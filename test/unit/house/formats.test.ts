import { describe, expect, it } from 'vitest'
import { FORMATS } from '../../../src/packages/formats.ts'
import { codeOf, sources } from '../../helpers/sources.ts'

const OWN = /^src\/packages\/(deb|rpm)\//
/** The whole list and the light one. */
const LISTS = ['src/packages/formats.ts', 'src/packages/naming/namings.ts']
const others = sources('src', 'workers', 'schema').filter(({ path }) => !OWN.test(path) && !LISTS.includes(path))

/** What only a format knows: its name, the endings of its files, its words for names and architectures. */
const WORDS = new RegExp(
  [
    `['"\`](${FORMATS.map(({ name }) => name).join('|')}|noarch)['"\`]`,
    `['"\`]\\.(deb|rpm|${FORMATS.map(({ extension }) => extension.slice(1)).join('|')})['"\`]`,
    'noarch\\b|dbgsym|-dbg\\b|(?<!no)-debug(info|source)\\b',
  ].join('|'),
)

describe('the package formats', () => {
  it('are imported by the two lists of them alone', () => {
    const guilty = others.filter(({ imports }) => imports.some((path) => OWN.test(path)))
    expect(guilty.map(({ path }) => path)).toEqual([])
  })

  it('are named by no code but their own', () => {
    const guilty = others.flatMap((source) =>
      codeOf(source).split('\n').filter((line) => WORDS.test(line)).map((line) => `${source.path}: ${line.trim()}`)
    )
    expect(guilty).toEqual([])
  })
})
