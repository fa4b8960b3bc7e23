/** Programs that look: what there is stays as it is, byte by byte. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { run } from '../helpers/run_program.ts'

it.each([['--status'], ['--dry-run']])('write nothing, and make no store: abrt-reposync %s', async (word) => {
  await using folder = await temporaryFolder()
  openDatabase(folder.file('database', 'retrace.db'), { migrate: true }).$client.close()
  const kept = () => readFileSync(folder.file('database', 'retrace.db')).toString('base64')
  const before = kept()
  const { status } = run(folder, { RETRACE_REPO_DIR: folder.file('no-store') }, ['abrt-reposync', word])
  expect([status, existsSync(folder.file('no-store')), kept() === before]).toEqual([0, false, true])
}, 60_000)
