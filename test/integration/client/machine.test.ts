/** `retrace` and programs of the machine that are not installed where tests run: coredumpctl, and the worker of `--local`. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { crashPython, run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retrace } from '../../helpers/retrace_client.ts'
import { whyNoPrograms, withPrograms } from '../../helpers/with_programs.ts'
import { makeWorld } from '../packages/world.ts'

let folder: Folder
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  core = crashPython(folder.path)
  for (const name of ['bin', 'home']) mkdirSync(folder.file(name))
}, 60_000)
afterAll(async () => await folder[Symbol.asyncDispose]())

/** A program under this name that does what the script says. */
function program(name: string, script: string): void {
  writeFileSync(folder.file('bin', name), `#!/bin/sh\n${script}\n`)
  chmodSync(folder.file('bin', name), 0o755)
}

const through = (words: readonly string[]) => withPrograms(folder.file('bin'), words)

describe('--local', () => {
  it('names the package that has the worker, where there is none, and asks for repositories', async () => {
    const missing = await retrace(folder.file('home'), ['--local', core])
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is in the package abrt-retrace-server'),
    })
  }, 60_000)

  it("shows what this machine's worker makes with the repositories that the environment names", async ({ skip }) => {
    const why = whyNoPrograms(folder.file('bin'))
    if (why !== '') return skip(why)
    await using world = await makeWorld()
    using source = fileSource(core)
    const paths = readCore(source).modules.filter(({ kind }) => kind !== 'vdso').map(({ path }) => path)
    const files = Object.fromEntries(paths.map((path) => [path, { copy: path }]))
    world.repository.add({ name: 'everything', version: '1', files })
    world.repository.publish({})
    expect(await world.sync()).toBe(0)
    program('abrt-retrace-worker', `exec ${join(installationRoot(), 'ops/bin/abrt-retrace-worker')} "$@"`)
    const environment = Object.fromEntries(
      ['RETRACE_REPO_DIR', 'RETRACE_REPOS_D', 'RETRACE_DATABASE', 'RETRACE_MIN_FREE_MB'].map((
        name,
      ) => [name, world.environment[name] ?? '']),
    )
    const shown = await retrace(folder.file('home'), ['--local', core], { through, environment })
    expect(shown).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Thread 1 \(LWP \d+\), which crashed:\n {2}#0 /m),
    })
    // No link leads from there to another file system.
    const elsewhere = { ...environment, TMPDIR: '/dev/shm' }
    const json = await retrace(folder.file('home'), ['--local', '--json', '--quiet', core], {
      through,
      environment: elsewhere,
    })
    expect(JSON.parse(json.stdout).threads[0].frames.length).toBeGreaterThan(3)
  }, 120_000)
})

describe('coredumpctl', () => {
  it('is asked for crashes by number and by name, for the last one, and for when it was', async ({ skip }) => {
    const why = whyNoPrograms(folder.file('bin')) || fetched()
    if (why !== '') return skip(why)
    const journal = `/var/log/journal/${readFileSync('/etc/machine-id', 'utf8').trim()}`
    writeFileSync(folder.file('entries'), ENTRY)
    run('zstd', ['-q', core, '-o', folder.file('core.zst')])
    // The machine's own journal and cores are not seen, and not touched.
    const places = [
      'mkdir -p /var/log/journal /var/lib/systemd',
      'mount -t tmpfs tmpfs /var/log/journal',
      'mount -t tmpfs tmpfs /var/lib/systemd',
      `mkdir -p ${journal} /var/lib/systemd/coredump`,
      `cp ${folder.file('core.zst')} /var/lib/systemd/coredump/core.zst`,
      `LD_LIBRARY_PATH=${folder.file('systemd/usr/lib/x86_64-linux-gnu')} ` +
      `${folder.file('systemd/lib/systemd/systemd-journal-remote')} -o ${journal}/system.journal ${
        folder.file('entries')
      } 2>/dev/null`,
    ].join(' && ')
    const seen = (before = 'true') => (words: readonly string[]) =>
      through(['sh', '-c', `${places} && ${before} && exec "$@"`, 'sh', ...words])
    const plain = (await retrace(folder.file('home'), ['--show', core])).stdout
    for (const what of ['4242', 'python3.11', '--last']) {
      expect([what, (await retrace(folder.file('home'), ['--show', what], { through: seen() })).stdout]).toEqual([
        what,
        plain,
      ])
    }
    const asked = await retrace(folder.file('home'), ['--server', 'https://localhost:1', '4242'], { through: seen() })
    expect(asked.stderr).toMatch(/was killed by SIGSEGV, \d{4,} days ago: 1 thread/)
    const none = await retrace(folder.file('home'), ['--show', 'no-such'], { through: seen() })
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('coredumpctl has no core of no-such (No match found.)'),
    })
    const gone = await retrace(folder.file('home'), ['--show', '4242'], {
      through: seen('rm /var/lib/systemd/coredump/core.zst'),
    })
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('No such file or directory') })
    expect(gone.stderr).not.toContain('sudo')
  }, 120_000)
})

const ENTRY = `__REALTIME_TIMESTAMP=1700000000000000
__MONOTONIC_TIMESTAMP=1
_BOOT_ID=0123456789abcdef0123456789abcdef
MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1
COREDUMP_PID=4242
COREDUMP_UID=0
COREDUMP_GID=0
COREDUMP_SIGNAL=11
COREDUMP_TIMESTAMP=1700000000000000
COREDUMP_EXE=/usr/bin/python3.11
COREDUMP_COMM=python3.11
COREDUMP_FILENAME=/var/lib/systemd/coredump/core.zst
MESSAGE=Process 4242 (python3.11) of user 0 dumped core.

`

/** Unpacks Debian's coredumpctl, installing nothing: its package changes where the kernel's cores go. Why not; '': done. */
function fetched(): string {
  const into = folder.file('systemd')
  mkdirSync(into)
  const names = ['systemd-coredump', 'systemd-journal-remote', 'libmicrohttpd12']
  const script =
    'cd "$1" && shift && apt-get -qq download "$@" 2>&1 && for each in *.deb; do dpkg -x "$each" . || exit; done'
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', into, ...names], { timeout: 60_000 })
  if (status !== 0) return `coredumpctl cannot be fetched: ${stdout.toString().trim().split('\n').at(-1)}`
  program('coredumpctl', `exec ${join(into, 'usr/bin/coredumpctl')} "$@"`)
  return ''
}
