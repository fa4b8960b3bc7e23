/** When indices of debuginfo are made: while nothing else is done, and when there is something new. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { packages } from '../../../schema/tables.ts'
import { IndexMaker } from '../../../src/runner/index_maker.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { addPackage, addRepository, temporaryDatabase } from '../../helpers/index_rows.ts'

/** One whose worker is a script that notes each start, and then does what `script` says. */
async function makerOf(script: string) {
  const folder = await temporaryFolder()
  const { database, ...rest } = await temporaryDatabase()
  const { releaseId } = addRepository(database)
  const keep = (kept: number) => void addPackage(database, { releaseId, folder: `f${kept}`, kept, name: `n${kept}` })
  const notes = folder.file('notes')
  const maker = new IndexMaker({
    database,
    command: ['sh', '-c', `echo "$1 $WORD" >>${notes}; ${script}`, 'sh'],
    settings: { WORD: 'told' },
    pauseMs: 0,
  })
  const starts = () => existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').filter((line) => line !== '') : []
  return {
    ...{ maker, keep, starts, database, folder },
    async [Symbol.asyncDispose]() {
      maker.stop()
      await maker.idle()
      await rest[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('IndexMaker', () => {
  it('starts a worker with --index and the settings when a package was kept, and none without', async () => {
    await using world = await makerOf('exit 0')
    const { maker, keep, starts, database } = world
    const begin = async () => {
      maker.begin()
      await sleep(20)
      await maker.idle()
    }
    await begin()
    expect(starts()).toEqual([])
    keep(1000)
    await begin()
    expect(starts()).toEqual(['--index told'])
    await begin()
    expect(starts()).toHaveLength(1)
    keep(2000)
    await begin()
    expect(starts()).toHaveLength(2)
    database.update(packages).set({ kept: null }).run()
    await begin()
    expect(starts()).toHaveLength(2)
  })

  it('ends it with all that it started when something else is to be done, and begins again after that', async () => {
    await using world = await makerOf('sleep 600')
    const { maker, keep, starts } = world
    keep(1000)
    for (const count of [1, 2]) {
      maker.begin()
      await vi.waitFor(() => expect(starts()).toHaveLength(count), { timeout: 30_000 })
      maker.stop()
      await maker.idle()
    }
  })

  it('does not try again at once what failed', async () => {
    await using world = await makerOf('exit 1')
    const { maker, keep, starts } = world
    keep(1000)
    for (let each = 0; each < 2; each++) {
      maker.begin()
      await vi.waitFor(() => expect(starts()).toHaveLength(1), { timeout: 30_000 })
      await sleep(20)
      await maker.idle()
    }
    expect(starts()).toHaveLength(1)
  })
})
