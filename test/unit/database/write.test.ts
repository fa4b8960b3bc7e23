/** Writing while another program does. */
import { expect, it } from 'vitest'
import { Sqlite } from '../../../src/database/driver.ts'
import { openDatabase } from '../../../src/database/database.ts'
import { writeInTurn } from '../../../src/database/write.ts'
import { nextTaskId } from '../../../src/spool/task_ids.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

async function opened() {
  const folder = await temporaryFolder()
  const file = folder.file('retrace.db')
  const database = openDatabase(file, { migrate: true })
  const other = new Sqlite(file)
  return {
    database,
    other,
    async [Symbol.asyncDispose]() {
      other.close()
      database.$client.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

it('waits for another writer, and lets the thread do other things meanwhile', async () => {
  await using at = await opened()
  at.other.exec('BEGIN IMMEDIATE')
  let isDone = false
  const id = nextTaskId(at.database).then((id) => (isDone = true, id))
  // Were this thread asleep in SQLite, it would never come to the end of the other's transaction.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isDone).toBe(false)
  at.other.exec('COMMIT')
  expect(await id).toBe(1)
})

it('gives up with SQLITE_BUSY when its patience is over, and with other failures at once', async () => {
  await using at = await opened()
  at.other.exec('BEGIN IMMEDIATE')
  const writing = writeInTurn(at.database, () => at.database.$client.exec('CREATE TABLE more (a)'), 20)
  await expect(writing).rejects.toMatchObject({ code: 'SQLITE_BUSY' })
  at.other.exec('COMMIT')
  let tries = 0
  const wrong = writeInTurn(at.database, () => {
    tries++
    at.database.$client.exec('CREATE TABLE')
  })
  await expect(wrong).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  expect(tries).toBe(1)
})

it('leaves to the connection how long it waits by itself', async () => {
  await using at = await opened()
  const patience = () => at.database.$client.pragma('busy_timeout', { simple: true })
  const before = patience()
  let within: unknown
  await writeInTurn(at.database, () => within = patience())
  await expect(writeInTurn(at.database, () => {
    throw new Error('no')
  })).rejects.toThrow('no')
  expect([within, patience()]).toEqual([0, before])
  expect(before).toBe(30_000)
})
