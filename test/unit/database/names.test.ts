import { existsSync, linkSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { closeDatabase, openDatabase } from '../../../src/database/database.ts'
import { database } from '../../../src/health/database.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('a database of two names', () => {
  it('is opened by no program that starts, and named by --check, until there is one name', async () => {
    await using folder = await temporaryFolder()
    const [file, other] = [folder.file('retrace.db'), folder.file('other.db')]
    closeDatabase(openDatabase(file, { migrate: true }))
    linkSync(file, other)
    const sentence = /RETRACE_DATABASE \(.*\) has 2 names: .*find DIR -samefile/
    for (const name of [file, other]) {
      expect(() => openDatabase(name, { migrate: true })).toThrow(sentence)
      expect(existsSync(`${name}-wal`)).toBe(false)
    }
    const look = async () => {
      const opened = openDatabase(file)
      const subject = { config: { database: file }, database: () => opened, now: new Date(), isRunning: true }
      const found = await database.question(subject as unknown as Parameters<typeof database.question>[0])
      closeDatabase(opened)
      return found
    }
    expect(await look()).toMatchObject({ verdict: 'FAIL', more: expect.stringMatching(sentence) })
    rmSync(other)
    symlinkSync(file, other)
    closeDatabase(openDatabase(other, { migrate: true }))
    expect(await look()).toMatchObject({ verdict: 'ok' })
  })
})
