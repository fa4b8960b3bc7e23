import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { takenByDnf } from '../../helpers/dnf.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { labelOf } from '../../helpers/peculiarity.ts'
import type { RpmRepository } from '../../helpers/rpm_repository.ts'
import { saidBy } from '../../helpers/said.ts'
import type { RpmWorld } from '../rpm/world.ts'
import { FILES } from './rpm/files.ts'
import { INDICES } from './rpm/indices.ts'
import { PRIMARY } from './rpm/primary.ts'
import { SECTIONS } from './rpm/sections.ts'
import { SIGNATURES } from './rpm/signatures.ts'
import { makeTemplate, worldOf } from './rpm/world.ts'

const ROWS = [...SECTIONS, ...INDICES, ...PRIMARY, ...FILES, ...SIGNATURES]

let folder: Folder
let template: RpmRepository
beforeAll(async () => {
  folder = await temporaryFolder()
  template = makeTemplate(folder.path)
})
afterAll(async () => {
  template[Symbol.dispose]()
  await folder[Symbol.asyncDispose]()
})

/** Labels of the packages that the index knows, and that could be fetched; what is wrong with the others is said. */
async function takenByUs({ index, config, database }: RpmWorld, say: (text: string) => void): Promise<string[]> {
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
      say(`${row.name}: ${error.message}\n`)
    }
  }
  return taken
}

describe('a yum repository', () => {
  it.each(ROWS.map((row) => [row.name, row] as const))(
    'takes a yum repository as dnf takes it: %s',
    async (_name, row) => {
      await using world = await worldOf(template, row)
      await row.make(world)
      let code: number | undefined
      let said = await saidBy(async () => {
        code = await world.sync()
      })
      const ours = (await takenByUs(world, (text) => void (said += text))).sort()
      const theirs = await takenByDnf(world.folder.file('dnf'), world.repoText(), row.variables)
      const expected = { ours: row.taken.toSorted(), theirs: (row.theirs?.taken ?? row.taken).toSorted() }
      expect({ ours, theirs: theirs.taken.sort() }, `${said}\n${theirs.said}`).toEqual(expected)
      expect(code, said).toBe(row.code ?? (row.taken.length > 0 ? 0 : 1))
      if (row.says !== undefined) expect(said).toMatch(row.says)
      if (row.isQuiet) expect(said).not.toMatch(/ (warning|error) /)
    },
  )
})
