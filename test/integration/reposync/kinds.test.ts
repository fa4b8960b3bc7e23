/** What stands in RETRACE_REPOS_D and is no file: nobody waits for it. */
import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { run } from '../../helpers/run_program.ts'

describe('readConfiguration()', () => {
  it.each(['pipe.sources', 'pipe.repo', 'device.sources', 'device.repo'])(
    'refuses what is no plain file: %s',
    async (name) => {
      await using folder = await temporaryFolder()
      if (name.startsWith('pipe')) spawnSync('mkfifo', [folder.file(name)])
      else symlinkSync('/dev/zero', folder.file(name))
      const settings = { RETRACE_REPOS_D: folder.path }
      const { status, text } = run(folder, settings, ['abrt-retrace-server', '--check', 'repositories'])
      expect([status, text]).toEqual([1, expect.stringContaining(`${name} cannot be read (it is no plain file)`)])
    },
    90_000,
  )

  it('passes over passwords in what is no plain file, with a warning', async () => {
    await using folder = await temporaryFolder()
    spawnSync('mkfifo', [folder.file('auth.conf')])
    writeFileSync(folder.file('a.sources'), 'Types: deb\nURIs: http://127.0.0.1:9/x\nSuites: s\nComponents: main\n')
    const { text } = run(folder, { RETRACE_REPOS_D: folder.path }, ['abrt-reposync', '--dry-run'])
    expect(text).toContain('auth.conf is not used: it cannot be read (it is no plain file)')
  }, 90_000)
})
