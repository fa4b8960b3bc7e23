/**
 * Programs that are there and fail without a word, and one that is not there: each in a mount namespace of its own, where
 * something else stands in its place.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const built = (...path: string[]) => `file://${join(installationRoot(), 'dist', ...path)}`

/** What a script prints as JSON while `other` stands in the place of a program. */
function saidWith(other: string, program: string, script: string): unknown {
  const shell = `mount --bind ${other} /usr/bin/${program} && exec "$@"`
  const words = ['--mount', 'sh', '-c', shell, 'sh', execPath, '--input-type=module', '-e', script]
  const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8', timeout: 60_000 })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describe.runIf(mountWorks)('the end of the last engine', () => {
  const script = `const { unlessUnfit } = await import('${built('workers', 'retrace', 'unfit.js')}')
    console.log(JSON.stringify(await unlessUnfit({ kind: 'exit', detail: 'gdb ended' }, { engines: ['gdb'] })))`

  it.each(['bwrap', 'prlimit', 'unshare', 'setpriv'])(
    'is that of the sandbox where %s fails without a word',
    (program) => {
      expect(saidWith('/usr/bin/false', program, script)).toMatchObject({
        kind: 'unstarted',
        detail: expect.stringMatching(/^no sandbox works: \S/),
      })
    },
  )

  it('is its own where sandboxes work', () => {
    expect(saidWith('/usr/bin/true', 'gpgv', script)).toEqual({ kind: 'exit', detail: 'gdb ended' })
  })
})

describe.runIf(mountWorks)('xz', () => {
  const script = `const { LOOKS } = await import('${built('src', 'health', 'looks.js')}')
    const { createReadiness } = await import('${built('src', 'health', 'readiness.js')}')
    const { verdict } = await LOOKS.find(({ what }) => what === 'xz').question({ config: {} })
    const sources = { config: {}, stopping: new AbortController().signal, now: () => new Date() }
    const { parts: { programs } } = await createReadiness(sources)()
    console.log(JSON.stringify({ verdict, programs }))`

  it('is warned of where it is missing, since uploads go on without', () => {
    // A file that nobody may execute.
    const programs = { ok: true, text: 'xz is not installed' }
    expect(saidWith('/etc/passwd', 'xz', script)).toEqual({ verdict: 'warn', programs })
  })

  it('is a failure where it is there and does not work, since uploads use it then', () => {
    const programs = { ok: false, text: 'xz does not work' }
    expect(saidWith('/usr/bin/false', 'xz', script)).toEqual({ verdict: 'FAIL', programs })
  })
})

describe.runIf(mountWorks)('a gdb', () => {
  const script = `const { LOOKS } = await import('${built('src', 'health', 'looks.js')}')
    const { verdict, text } = await LOOKS.find(({ what }) => what === 'gdb').question({ config: { engineDir: '/nowhere' } })
    console.log(JSON.stringify([verdict, text]))`

  it.each<[string, string, unknown]>([
    ['that is too old is a failure', 'echo "GNU gdb (GDB) 7.2"', [
      'FAIL',
      'GNU gdb (GDB) 7.2, which is too old: it cannot be asked',
    ]],
    ['with which nothing was tried deserves attention', 'echo "GNU gdb (GDB) 12.1"', [
      'warn',
      'GNU gdb (GDB) 12.1, with which nothing was tried',
    ]],
    // As gdb says it that was built --without-python.
    [
      'that has no Python is a failure',
      'case $* in *python*) echo "Python scripting is not supported in this copy of GDB." >&2; exit 1 ;; esac; echo "GNU gdb (GDB) 13.1"',
      ['FAIL', 'GNU gdb (GDB) 13.1, whose Python does not work'],
    ],
  ])('%s', async (_, lines, wanted) => {
    await using folder = await temporaryFolder()
    const path = folder.file('gdb')
    writeFileSync(path, `#!/bin/sh\n${lines}\n`)
    chmodSync(path, 0o755)
    expect(saidWith(path, 'gdb-multiarch', script)).toEqual(wanted)
  })
})

describe.runIf(mountWorks)('abrt-retrace-server --init', () => {
  it.each(['flock', 'openssl'])('says that %s is missing, and nothing else to do', async (program) => {
    await using folder = await temporaryFolder()
    const script = `const { init } = await import('${built('src', 'init', 'init.js')}')
      const names = { SPOOL_DIR: 's', DATABASE: 'd/r.db', REPO_DIR: 'r', ENGINE_DIR: 'e', REPOS_D: 'etc/repos.d' }
      for (const [name, path] of Object.entries(names)) process.env['RETRACE_' + name] = '${folder.path}/x/' + path
      console.log(JSON.stringify(await init(() => undefined).catch((cause) => cause.message)))`
    expect(saidWith('/etc/passwd', program, script)).toMatch(
      new RegExp(`^(\\S+ cannot be made \\()?${program} cannot be started: is it installed\\?\\)?$`),
    )
  })
})
