/**
 * The proof that it is no toy: the demo's crash is retraced with an empty store, and every file that gdb opened after it
 * had started is the core or lies in the store. Real archive, real core, real sandbox, watched by strace.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESULTS } from '../../src/task/files.ts'
import { installationRoot } from '../../src/program/program.ts'
import { hostEngine } from '../../workers/retrace/gdb/engine.ts'
import { debuggerSandbox } from '../../workers/retrace/sandbox/arguments.ts'
import { launch } from '../../workers/retrace/sandbox/launch.ts'
import { archiveSources, installedPackages } from '../helpers/archive.ts'
import { crashPython } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'

/** What gdb itself, not the core, may make it open late: its character sets. */
const OF_GDB = /^\/(usr\/)?lib\/[^/]+\/gconv\/[^/]+$/

let folder: Folder
let core: string
let settings: Record<string, string>
let opened: string[]

function program(name: string): string {
  return join(installationRoot(), 'ops', 'bin', name)
}

/** A task's directory as the server would have made it. */
function makeTask(id: string, files: Record<string, string>): string {
  const task = folder.file('spool', id)
  mkdirSync(task, { recursive: true, mode: 0o700 })
  cpSync(core, join(task, 'coredump'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(task, name), text)
  return task
}

/** The paths that the process that ran gdb opened, from its first look at the core on. */
function openedAfterStart(trace: string): string[] {
  const lines = trace.split('\n')
  const gdb = /^(\d+) +execve\("\/usr\/bin\/gdb/m.exec(trace)?.[1]
  // Where another process did something meanwhile, a call is two lines, which follow each other among those of gdb.
  const ofGdb = lines.filter((line) => line.startsWith(`${gdb} `)).join('\n')
    .replace(/ <unfinished \.\.\.>\n\d+ +<\.\.\. \w+ resumed>/g, '').split('\n')
  const start = ofGdb.findIndex((line) => /open(at)?\(.*"\/core"/.test(line))
  return ofGdb.slice(start).filter((line) => /^\d+ +open(at)?\(.* = \d+$/.test(line))
    .map((line) => /"([^"]*)"/.exec(line)?.[1] ?? '')
}

beforeAll(async () => {
  folder = await temporaryFolder()
  settings = {
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('retrace.db'),
    RETRACE_MIN_FREE_MB: '64',
  }
  mkdirSync(folder.file('repos.d'))
  writeFileSync(folder.file('repos.d', 'archive.sources'), archiveSources())
  const sync = spawnSync(program('abrt-reposync'), { encoding: 'utf8', env: { ...env, ...settings } })
  if (sync.status !== 0) throw new Error(`abrt-reposync failed: ${sync.stderr}`)
  core = crashPython(folder.path)
}, 300_000)

afterAll(async () => await folder[Symbol.asyncDispose]())

describe('a retrace with an empty store', () => {
  it('downloads no package before a task needs one', () => {
    expect(existsSync(folder.file('repo', 'debian-12-amd64'))).toBe(false)
  })

  it('finds packages by build-id, fetches them, and names functions, files, lines and arguments', () => {
    const task = makeTask('1', {
      architecture: 'x86_64\n',
      release: 'debian-12\n',
      packages: installedPackages(
        'python3.11-minimal',
        'libpython3.11-stdlib',
        'libc6',
        'libffi8',
        'libexpat1',
        'zlib1g',
      ),
    })
    const trace = folder.file('trace')
    const words = ['-f', '-e', 'trace=open,openat,execve', '-o', trace, program('abrt-retrace-worker'), task]
    const run = spawnSync('strace', words, { encoding: 'utf8', env: { ...env, ...settings } })
    expect(run.stderr).toBe('')
    expect(run.status).toBe(0)
    const text = readFileSync(join(task, 'backtrace'), 'utf8')
    expect(text).toMatch(/^#\d+ .* in string_at \(ptr=0x0, size=-1\) at \S*\/_ctypes\.c:\d+$/m)
    expect(text).toMatch(/^#\d+ .*_PyEval_EvalFrameDefault \(tstate=.*\) at \S*\/ceval\.c:\d+$/m)
    expect(text).toMatch(/^Python: CPython 3\.11\.\d+ \(\S+\), started with -c$/m)
    expect(text).toMatch(
      /^ {2}File ".*ctypes.*", line \d+, in string_at \(ptr=0, size=-1\)\n {2}File "<string>", line 1, in <module>$/m,
    )
    expect(existsSync(join(task, 'coredump'))).toBe(false)
    opened = openedAfterStart(readFileSync(trace, 'utf8'))
  }, 300_000)

  it('lets gdb open nothing but the core and files of the store once it has started', () => {
    expect(opened).toContain('/core')
    expect(opened.filter((path) => path.startsWith('/store/')).length).toBeGreaterThan(3)
    const strangers = opened.filter((path) => !/^\/(core$|store\/|sysroot\/|dbg\/)/.test(path) && !OF_GDB.test(path))
    expect(strangers).toEqual([])
  })

  it("loaded the thread library of the target's libc6, out of the store", () => {
    expect(opened.filter((path) => path.includes('libthread_db'))).toEqual([
      // A gdb that started before its files were known has them side by side.
      expect.stringMatching(/^\/store\/\d+\/(lib\/x86_64-linux-gnu\/)?libthread_db\.so\.1$/),
    ])
  })

  it('read every library that gdb lists from a package of the store', () => {
    const text = readFileSync(folder.file('spool', '1', 'backtrace'), 'utf8')
    const listed = [...text.matchAll(/^0x[0-9a-f]+ +0x[0-9a-f]+ +Yes (?:\(\*\))? *(\/\S+)$/gm)].map((match) => match[1])
    // Those that no stack leads into are not read: libc, the loader, the program's own.
    expect(listed.length).toBeGreaterThan(3)
    for (const library of listed) expect(opened).toContain(`/sysroot${library}`)
  })

  it("keeps nothing but ELF files, and gdb's scripts of the packages", () => {
    const kept = spawnSync('find', [folder.file('repo', 'debian-12-amd64'), '-type', 'f'], { encoding: 'utf8' }).stdout
    const files = kept.split('\n').filter(Boolean)
    expect(files.length).toBeGreaterThan(20)
    const strangers = files.filter((path) => !/\/usr\/share\/gdb\/auto-load\/.*\.py$/.test(path))
      .filter((path) => readFileSync(path).subarray(0, 4).toString('latin1') !== '\x7fELF')
    expect(strangers).toEqual([])
  })

  it('ends the same core without other information with the same frames', () => {
    const task = makeTask('2', {})
    const run = spawnSync(program('abrt-retrace-worker'), [task], { encoding: 'utf8', env: { ...env, ...settings } })
    expect(run.status).toBe(0)
    expect(run.stdout).not.toContain('fetch: ')
    const frames = (id: string) =>
      readFileSync(folder.file('spool', id, 'backtrace'), 'utf8').split('\n').filter((line) => line.startsWith('#'))
    expect(frames('2')).toEqual(frames('1'))
  }, 120_000)

  it('leaves no process, and nothing but its results in the task directory', () => {
    // A read of an address has no class.
    const results = RESULTS.filter((name) => name !== 'exploitable')
    expect(readdirSync(folder.file('spool', '1')).sort())
      .toEqual(['architecture', 'packages', 'release', ...results].sort())
    expect(spawnSync('pgrep', ['-f', folder.path], { encoding: 'utf8' }).stdout).toBe('')
  })
})

describe('the sandbox', () => {
  it("shows neither the host's python3.11 nor its /usr/lib/debug to gdb", async () => {
    const engine = hostEngine()
    if (engine === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
    const paths = [
      '/usr/bin/python3.11',
      '/usr/lib/debug',
      '/etc/shadow',
      '/root',
      '/home',
      '/proc/1',
      '/usr/share/gdb',
    ]
    const script = `python import os; print([p for p in ${JSON.stringify(paths)} if os.path.exists(p)])`
    const words = [...engine.command, '-nx', '-q', '-batch', '-ex', script] as const
    const plan = { debugger: engine.sees, binds: [], links: [] }
    const { running } = await launch(debuggerSandbox(plan, { memoryMb: 1024, seconds: 30 }, words))
    running.input.end()
    let said = ''
    for await (const chunk of running.output) said += chunk
    await running.succeeded()
    expect(said.trim()).toBe("['/usr/share/gdb']")
  })
})
