import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'

it('a program warns of what looks like a misspelt setting, and goes on', async () => {
  await using folder = await temporaryFolder()
  mkdirSync(folder.file('repos.d'))
  const settings = { RETRACE_DATABASE: folder.file('retrace.db'), RETRACE_REPOS_D: folder.file('repos.d') }
  const run = spawnSync(join(installationRoot(), 'ops/bin/abrt-reposync'), ['--status'], {
    encoding: 'utf8',
    env: { ...env, ...settings, RETRACE_PROT: '1' },
  })
  expect(run.stderr).toMatch(/There is no setting RETRACE_PROT/)
  expect(run.status).toBe(0)
})
