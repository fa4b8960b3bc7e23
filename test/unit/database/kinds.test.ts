/** What stands in the place of the database, and what looking at it leaves. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { closeDatabase, OlderDatabase, openDatabase } from '../../../src/database/database.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('openDatabase()', () => {
  it.each([{}, { migrate: true }])('refuses a pipe at once, and makes nothing beside it: %o', async (options) => {
    await using folder = await temporaryFolder()
    spawnSync('mkfifo', [folder.file('retrace.db')])
    expect(() => openDatabase(folder.file('retrace.db'), options)).toThrow(/it is no plain file; name one/)
    expect(readdirSync(folder.path)).toEqual(['retrace.db'])
  })

  it('makes nothing beside a device', async () => {
    await using folder = await temporaryFolder()
    symlinkSync('/dev/null', folder.file('retrace.db'))
    expect(() => openDatabase(folder.file('retrace.db'))).toThrow(/it is no plain file; name one/)
    expect(readdirSync(folder.path)).toEqual(['retrace.db'])
  })

  it('changes no file that it does not migrate, not even an empty one', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('retrace.db'), '')
    expect(() => openDatabase(folder.file('retrace.db'), { demandCurrent: true })).toThrow(OlderDatabase)
    closeDatabase(openDatabase(folder.file('retrace.db')))
    expect(readFileSync(folder.file('retrace.db')).length).toBe(0)
  })

  it('keeps the log beside the file once it was made', async () => {
    await using folder = await temporaryFolder()
    closeDatabase(openDatabase(folder.file('retrace.db'), { migrate: true }))
    const database = openDatabase(folder.file('retrace.db'))
    expect(database.$client.pragma('journal_mode', { simple: true })).toBe('wal')
    closeDatabase(database)
  })
})
