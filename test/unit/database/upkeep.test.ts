import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { release } from '../../../schema/tables.ts'
import { closeDatabase, isOpen, openDatabase } from '../../../src/database/database.ts'
import { assertWritable, emptyLog, fileOf, pagesOf, vacuum } from '../../../src/database/upkeep.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'

describe('assertWritable()', () => {
  it('passes when nobody writes, and says when somebody does, without waiting for long', async () => {
    await using at = await temporaryDatabase()
    const other = openDatabase(at.file)
    expect(() => assertWritable(at.database)).not.toThrow()
    other.transaction(() => {
      expect(() => assertWritable(at.database)).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
    }, { behavior: 'immediate' })
    expect(() => assertWritable(at.database)).not.toThrow()
    closeDatabase(other)
    expect([isOpen(other), isOpen(at.database)]).toEqual([false, true])
  })
})

describe('the file of a database', () => {
  it('the file of a database has free pages once rows are deleted, until it is written anew', async () => {
    await using at = await temporaryDatabase()
    expect(fileOf(at.database)).toBe(at.file)
    const rows = Array.from({ length: 500 }, (_, row) => ({ name: `${row} ${'x'.repeat(1000)}` }))
    at.database.insert(release).values(rows).run()
    const full = pagesOf(at.database)
    at.database.delete(release).run()
    const { pages, free, pageSize } = pagesOf(at.database)
    expect([pages, pageSize]).toEqual([full.pages, full.pageSize])
    expect(free * pageSize).toBeGreaterThan(500_000)
    vacuum(at.database)
    expect(pagesOf(at.database).free).toBe(0)
    expect(statSync(`${at.file}-wal`).size).toBeGreaterThan(0)
    emptyLog(at.database)
    expect(statSync(`${at.file}-wal`).size).toBe(0)
    expect(statSync(at.file).size).toBe(pagesOf(at.database).pages * pageSize)
  })
})
