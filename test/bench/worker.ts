/**
 * The worker against bare gdb: the same core, the same files, the same commands, packages already here. The crash is a
 * deep recursion in CPython, so that gdb has some seconds of work and the worker's own share can be seen.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'
import { archiveSources } from '../helpers/archive.ts'
import { crash } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { coreFigures } from './cores.ts'
import { absolute, against, alternate, type Figure, plainEnvironment } from './figure.ts'
import { GOALS } from './goals.ts'

/** repr() of a list in a list in a list: some 60,000 C frames, of which gdb shows 2048. */
const RECURSION = 'import sys; sys.setrecursionlimit(10**9); l = []\nfor _ in range(10**6): l = [l]\nrepr(l)'

const COMMANDS = [
  'thread apply all -ascending backtrace full 2048',
  'info sharedlibrary',
  'info all-registers',
  'x/20i $pc',
  'print $_siginfo',
]

const ROUNDS = 5

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const settings = prepare(folder)
  const deep = crash(folder.path, '/usr/bin/python3.11', ['-c', RECURSION])
  for (let each = 0; each <= ROUNDS + 1; each++) { // before the clock runs: a worker finds its core there
    mkdirSync(folder.file('spool', String(each)), { recursive: true, mode: 0o700 })
    cpSync(deep, folder.file('spool', String(each), 'coredump'))
  }
  let next = 0
  const retrace = () => {
    const words = [folder.file('spool', String(next++))]
    return finished(join(installationRoot(), 'ops/bin/abrt-retrace-worker'), words, settings)
  }
  await retrace() // fetches the packages
  const sysroot = makeSysroot(folder)
  const words = gdbArguments(sysroot, deep)
  const times = await alternate(retrace, () => finished('gdb-multiarch', words, {}), ROUNDS)
  yield against('worker-over-gdb', times, { unit: 's', goal: GOALS['worker-over-gdb'] })
  const log = readFileSync(folder.file('spool', String(ROUNDS + 1), 'outcome.json'), 'utf8')
  const { seconds } = JSON.parse(log) as { seconds: Record<string, number> }
  const own = (seconds.read ?? 0) + (seconds.resolve ?? 0) + (seconds.assemble ?? 0)
  yield absolute('worker-before-gdb', own * 1000, { unit: 'ms', goal: GOALS['worker-before-gdb'] })
  yield* coreFigures()
}

function prepare(folder: Folder): Record<string, string> {
  mkdirSync(folder.file('repos.d'))
  writeFileSync(folder.file('repos.d', 'archive.sources'), archiveSources())
  const settings = {
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('retrace.db'),
    RETRACE_MIN_FREE_MB: '64',
  }
  const sync = spawnSync(join(installationRoot(), 'ops/bin/abrt-reposync'), {
    env: { ...env, ...settings },
    encoding: 'utf8',
  })
  if (sync.status !== 0) throw new Error(`abrt-reposync failed: ${sync.stderr}`)
  return settings
}

/** The kept packages, laid over each other as an installation would have them. */
function makeSysroot(folder: Folder): string {
  const sysroot = folder.file('sysroot')
  mkdirSync(join(sysroot, 'usr'), { recursive: true })
  for (const name of ['lib', 'lib64', 'bin', 'sbin']) {
    mkdirSync(join(sysroot, 'usr', name))
    symlinkSync(`usr/${name}`, join(sysroot, name))
  }
  const release = folder.file('repo', 'debian-12-amd64')
  for (const name of readdirSync(release)) {
    const script = 'tar -C "$1" -c . | tar -C "$2" -x --keep-directory-symlink'
    spawnSync('sh', ['-c', script, 'sh', join(release, name), sysroot])
  }
  return sysroot
}

function gdbArguments(sysroot: string, core: string): string[] {
  const first = ['auto-load off', 'debuginfod enabled off', 'height 0', 'width 0', `sysroot ${sysroot}`]
  return [
    ...['-nx', '-q', '-batch'],
    ...[...first, `debug-file-directory ${sysroot}/usr/lib/debug`].flatMap((each) => ['-iex', `set ${each}`]),
    ...[`file ${sysroot}/usr/bin/python3.11`, `core-file ${core}`, ...COMMANDS].flatMap((each) => ['-ex', each]),
  ]
}

async function finished(program: string, words: string[], settings: Record<string, string>): Promise<void> {
  const child = spawn(program, words, { stdio: 'ignore', env: { ...plainEnvironment(), ...settings } })
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}`)
}
