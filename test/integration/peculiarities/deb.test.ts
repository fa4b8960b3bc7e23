import { describe, expect, it } from 'vitest'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { takenByApt } from '../../helpers/apt.ts'
import { labelOf } from '../../helpers/peculiarity.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeWorld, type World } from '../packages/world.ts'
import { ADDRESSES } from './deb/addresses.ts'
import { INDICES } from './deb/indices.ts'
import { RELEASES } from './deb/releases.ts'
import { SIGNATURES } from './deb/signatures.ts'
import { STANZAS } from './deb/stanzas.ts'
import { SUITES } from './deb/suites.ts'

const ROWS = [...ADDRESSES, ...INDICES, ...STANZAS, ...RELEASES, ...SIGNATURES, ...SUITES]

/** Labels of the packages that the index knows, and that could be fetched. */
async function takenByUs({ index, config, database }: World): Promise<string[]> {
  const taken: string[] = []
  const known = database.$client.prepare('SELECT id FROM package WHERE gone IS NULL').pluck().all() as number[]
  for (const id of known) {
    const row = index.again(id)
    if (row === undefined) continue
    try {
      const signal = AbortSignal.timeout(20_000)
      await fetchPackage(row, { config, database, signal, say: () => undefined })
      taken.push(labelOf(row))
    } catch (error) {
      if (!(error instanceof FetchError)) throw error
    }
  }
  return taken
}

describe('a Debian repository', () => {
  it.each(ROWS.map((row) => [row.name, row] as const))(
    'takes a Debian repository as apt takes it: %s',
    async (_name, row) => {
      await using world = await makeWorld({ serve: row.serve ?? {} })
      await row.make(world)
      let code: number | undefined
      const said = await saidBy(async () => {
        code = await world.sync()
      })
      const ours = (await takenByUs(world)).sort()
      const theirs = await takenByApt(world.folder.file('apt'), world.sourcesText())
      const expected = { ours: row.taken.toSorted(), theirs: (row.theirs?.taken ?? row.taken).toSorted() }
      expect({ ours, theirs: theirs.taken.sort() }, `${said}\n${theirs.said}`).toEqual(expected)
      expect(code, said).toBe(row.code ?? (row.taken.length > 0 ? 0 : 1))
      if (row.says !== undefined) expect(said).toMatch(row.says)
      if (row.isQuiet) expect(said).not.toMatch(/ (warning|error) /)
    },
  )
})
