/** The scripts of ops that build: what they refuse at once, and what they say of a full disk. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { env, getuid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const ops = (name: string) => join(installationRoot(), 'ops', name)

describe('what makes packages', () => {
  it.each(['1.0-rc1', 'bad_version!', '1/2', 'v1.0'])(
    'refuses %s as a version before it builds anything',
    async (version) => {
      await using folder = await temporaryFolder()
      const { status, stderr } = spawnSync(ops('package/tree'), [folder.file('tree'), version], {
        encoding: 'utf8',
        timeout: 30_000,
      })
      expect([status, stderr]).toEqual([1, expect.stringContaining(`'${version}' is no version such as 0.2.0`)])
      expect(existsSync(folder.file('tree'))).toBe(false)
    },
  )
})

describe('container-start', () => {
  it('gives a command its input and its environment, and ends as it ends', () => {
    const words = ['sh', '-c', 'cat; echo "$RETRACE_PORT"; exit 7']
    const { status, stdout, stderr } = spawnSync(ops('container/start'), words, {
      env: { PATH: env.PATH, RETRACE_PORT: '1234' },
      input: 'a core\n',
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect([status, stdout, stderr]).toEqual([7, 'a core\n1234\n', ''])
  })
})

describe.skipIf(getuid?.() !== 0)('with_progress', () => {
  const run = async (command: string) => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('small'))
    const words = `mount -t tmpfs -o size=4m none "$TMPDIR" && . ${
      ops('lib/say.sh')
    } && with_progress 'building' sh -c '${command}'`
    return spawnSync('unshare', ['--mount', 'bash', '-c', words], {
      env: { PATH: env.PATH, TMPDIR: folder.file('small') },
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  it('says that there is no room where a program fails of it without a word', async () => {
    const { status, stderr } = await run('cat /dev/zero >"$TMPDIR/large" 2>/dev/null; kill -SEGV $$')
    expect(stderr).toContain('there is no room left beside ')
    expect(status).toBe(139)
  })

  it('says nothing of room where a program fails of something else', async () => {
    const { status, stderr } = await run('echo it is broken; exit 3')
    expect([status, stderr]).toEqual([3, 'it is broken\n'])
  })
})
