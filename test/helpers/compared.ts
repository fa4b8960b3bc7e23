/**
 * What apt or dnf takes of a repository beside what we take of it, for both tables of peculiarities: a row is made,
 * synced and fetched in a world of its own, and the two answers are compared.
 */
import { expect } from 'vitest'
import { FetchError } from '../../src/packages/format/error.ts'
import { fetchPackage } from '../../src/packages/supply/package.ts'
import type { FileServer } from './file_server.ts'
import type { PackageStore } from './package_store.ts'
import { labelOf, type Peculiarity } from './peculiarity.ts'
import { saidBy } from './said.ts'

/** What somebody took, as labels, and said. */
interface Taken {
  taken: string[]
  said: string
}

/** Labels of the packages that the index knows, and that could be fetched; what is wrong with the others is said. */
export async function takenByUs({ index, config, database }: PackageStore): Promise<Taken> {
  const taken: string[] = []
  const said: string[] = []
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
      said.push(`${row.name}: ${error.message}\n`)
    }
  }
  return { taken, said: said.join('') }
}

/** Makes a row in its world, and compares; `theirs`: asks the distribution's own program. */
export async function compare<World extends PackageStore>(
  world: World,
  row: Peculiarity<World>,
  theirs: () => Promise<Taken>,
): Promise<void> {
  await row.make(world)
  let code: number | undefined
  const synced = await saidBy(async () => {
    code = await world.sync()
  })
  const ours = await takenByUs(world)
  const other = await theirs()
  const said = synced + ours.said
  const expected = { ours: row.taken.toSorted(), theirs: (row.theirs?.taken ?? row.taken).toSorted() }
  expect({ ours: ours.taken.sort(), theirs: other.taken.sort() }, `${said}\n${other.said}`).toEqual(expected)
  expect(code, said).toBe(row.code ?? (row.taken.length > 0 ? 0 : 1))
  if (row.says !== undefined) expect(said).toMatch(row.says)
  if (row.isQuiet) expect(said).not.toMatch(/ (warning|error|WRN|ERR) /)
}

/** The same row where the server misbehaves for paths that end so, from when it was made. */
export function withFaults<World extends PackageStore & { server: FileServer }, Row extends Peculiarity<World>>(
  row: Row,
  faults: Parameters<FileServer['fault']>[],
): Row {
  return {
    ...row,
    async make(world: World) {
      await row.make(world)
      for (const [ending, fault] of faults) world.server.fault(ending, fault)
    },
  }
}
