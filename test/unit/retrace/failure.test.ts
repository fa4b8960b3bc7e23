import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openDatabase } from '../../../src/database/database.ts'
import { ProgramError } from '../../../src/process/error.ts'
import { NoDatabase, reasonOf } from '../../../workers/retrace/outcome/failure.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const coded = (code: string) => Object.assign(new Error(`${code}: open '/srv/secret'`), { code })

it.each<[string, unknown, object]>([
  ['a query that fails', coded('SQLITE_CORRUPT'), { kind: 'no-database', detail: 'SQLITE_CORRUPT' }],
  ['a query within another error', new Error('x', { cause: coded('SQLITE_BUSY') }), { kind: 'no-database' }],
  ['a full disk', coded('ENOSPC'), { kind: 'disk-full' }],
  ['a quota', new Error('x', { cause: coded('EDQUOT') }), { kind: 'disk-full' }],
  ['a database on a full disk', coded('SQLITE_FULL'), { kind: 'disk-full' }],
  ['no descriptors', new Error('x', { cause: coded('EMFILE') }), { kind: 'server-unfit' }],
  ['a program that is missing', new ProgramError('not-started', 'bwrap: is it installed?'), { kind: 'server-unfit' }],
  ['a program that failed', new ProgramError('failed', 'x'), { kind: 'worker-failed', detail: 'x' }],
  ['a mistake of ours', new TypeError('x is undefined'), { kind: 'worker-failed', detail: 'x is undefined' }],
  ['a file that is missing', coded('ENOENT'), { kind: 'worker-failed' }],
])("reasonOf() tells what is the server's from what is a mistake of ours: %s", (_, error, reason) => {
  const told = reasonOf(error)
  expect(told).toMatchObject(reason)
  if (told.kind !== 'worker-failed') expect(JSON.stringify(told)).not.toContain('/srv')
})

it.each<[string, (file: string) => void, RegExp]>([
  ['a folder', (file) => mkdirSync(file), /it is a folder|SQLITE_CANTOPEN/],
  ['a file of something else', (file) => writeFileSync(file, 'x'.repeat(5000)), /is damaged/],
])('reasonOf() names no path of a database that is %s', async (_, make, said) => {
  await using folder = await temporaryFolder()
  const file = folder.file('retrace.db')
  make(file)
  let thrown: unknown
  try {
    openDatabase(file, { demandCurrent: true })
  } catch (cause) {
    thrown = new NoDatabase('x', { cause })
  }
  const reason = reasonOf(thrown)
  expect(reason).toMatchObject({ kind: 'no-database', detail: expect.stringMatching(said) })
  expect(JSON.stringify(reason)).not.toContain(folder.path)
})
