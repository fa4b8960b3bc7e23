/** The table of shared libraries: gdb's own rows, and ours where gdb says of what was read that it was not. */
import { describe, expect, it } from 'vitest'
import { libraryTable } from '../../../workers/retrace/report/libraries.ts'
import { resolvedModule } from '../../helpers/report_parts.ts'

const HEADING = 'From                To                  Syms Read   Shared Object Library'
const library = (linkName: string, start: bigint) => ({
  module: { ...resolvedModule().module, kind: 'library' as const, linkName },
  path: `/store/0/usr${linkName}`,
  start,
  end: start + 0x100n,
  byHand: true,
})
const row = (from: string, to: string, read: string, name: string) =>
  `${from.padEnd(20)}${to.padEnd(20)}${read.padEnd(12)}${name}`

describe('libraryTable()', () => {
  it("leaves gdb's own rows as they are, but for the prefix of the root", () => {
    const said = `${HEADING}\n${row('0x0000000000001000', '0x0000000000001100', 'Yes', '/sysroot/lib/a.so')}\n`
    expect(libraryTable(said, { symbols: [library('/lib/a.so', 0x1000n)], spared: [] }, 64)).toBe(
      `${HEADING}\n${row('0x0000000000001000', '0x0000000000001100', 'Yes', '/lib/a.so')}`,
    )
  })

  it("keeps gdb's word on what its mark means, as long as a row has the mark", () => {
    const explanation = '(*): Shared library is missing debugging information.'
    const marked = row('0x0000000000001000', '0x0000000000001100', 'Yes (*)', '/lib/a.so')
    expect(libraryTable(`${HEADING}\n${marked}\n${explanation}\n`, { symbols: [], spared: [] }, 64)).toBe(
      `${HEADING}\n${marked}\n${explanation}`,
    )
    const unread = `${HEADING}\n${row('', '', 'No', '/lib/a.so')}\n${explanation}\n`
    expect(libraryTable(unread, { symbols: [library('/lib/a.so', 0x1000n)], spared: [] }, 64)).not.toContain('(*)')
  })

  it.each([
    ['knows no place of', '', ''],
    ['knows the place of', '0x0000000000001000', '0x0000000000001100'],
  ])('says Yes of a library that gdb %s and did not read, though we did', (_, from, to) => {
    const said = `${HEADING}\n${row(from, to, 'No', '/sysroot/lib/a.so')}\n${row('', '', 'No', '/lib/b.so')}\n`
    expect(libraryTable(said, { symbols: [library('/lib/a.so', 0x1000n)], spared: [] }, 64).split('\n')).toEqual([
      HEADING,
      row('', '', 'No', '/lib/b.so'),
      row('0x0000000000001000', '0x0000000000001100', 'Yes', '/lib/a.so'),
    ])
  })

  it('is made of our rows alone where gdb has none, and empty where nobody has', () => {
    expect(
      libraryTable('No shared libraries loaded at this time.\n', {
        symbols: [library('/lib/a.so', 0x1000n)],
        spared: [],
      }, 64),
    ).toContain(
      '  Yes         /lib/a.so',
    )
    expect(libraryTable(undefined, { symbols: [], spared: [] }, 64)).toBe('')
  })
})
