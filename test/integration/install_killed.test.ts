/** ops/install and ops/install --remove that end in the middle: by kill -9 before any command, or since one fails, of a full disk for one. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { CutScript, type ShellCut } from '../helpers/shell_cut.ts'

const BUNDLES = [
  'abrt-retrace-server.js',
  'abrt-reposync.js',
  'abrt-retrace-clean.js',
  'abrt-retrace-worker.cjs',
  'retrace.js',
]

/** The functions of ops/install in which things are moved and removed. */
const EXCHANGING = ['recover', 'exchange', 'remove_unplanned', 'drop_drafts', 'alone']

let folder: Folder
let script: CutScript
beforeAll(async () => {
  folder = await temporaryFolder()
  script = new CutScript(folder.path)
  tree('former')
  tree('latter')
}, 60_000)
afterAll(async () => await folder[Symbol.asyncDispose]())

/** What ops/install puts, of two versions: all of ours but the programs, which are a word, and a page and a unit that the other has not. */
function tree(version: string): void {
  const root = folder.file(version)
  for (const part of ['ops', 'workers/retrace/root', 'schema/migrations', 'dist/man']) {
    cpSync(join(installationRoot(), part), join(root, part), { recursive: true })
  }
  // One of what is put in the same way as its neighbours.
  const many = ['selinux', 'apparmor/abrt-retrace.d', 'repos.d'].map((name) => join(root, 'ops', name))
  for (const place of [...many, join(root, 'dist', 'man')]) {
    const names = readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name)
    const isOneOf = (ending: string) => names.find((name) => name.endsWith(ending))
    const kept = ['retrace.1', '.sample', '.te', '.8', '.1'].map(isOneOf)
    for (const name of names.filter((each) => !kept.includes(each))) rmSync(join(place, name))
  }
  mkdirSync(join(root, 'docs', 'decisions'), { recursive: true })
  for (const name of ['architecture.md', 'decisions/directories.md', 'design.txt']) {
    cpSync(join(installationRoot(), 'docs', name), join(root, 'docs', name))
  }
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE']) writeFileSync(join(root, name), version)
  for (const name of ['dist/bundle', 'dist/pages']) mkdirSync(join(root, name), { recursive: true })
  for (const name of BUNDLES) writeFileSync(join(root, 'dist', 'bundle', name), version)
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'ops', 'lib', 'native-packages.mjs'), '')
  writeFileSync(join(root, 'ops', 'systemd', `abrt-${version}.service`), `ExecStart=@PREFIX@/${version}`)
  writeFileSync(join(root, 'dist', 'man', `abrt-${version}.8`), version)
}

const words = (version: string, ...more: string[]) => [folder.file(version, 'ops', 'install'), ...more] as const
const into = (root: string) => ({ DESTDIR: root, PREFIX: '/usr' })
const install = (version: string, root: string, ...more: string[]) => script.run(words(version, ...more), into(root))

/** A copy of an installation: of one that begins in the middle of another one. */
function copied(from: string, name: string): string {
  const to = folder.file(name)
  rmSync(to, { recursive: true, force: true })
  execFileSync('cp', ['-a', from, to])
  return to
}

/** Each file with its mode and what is in it. */
function files(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)).sort().map((path) => {
      const { mode } = lstatSync(path)
      const text = (mode & 0o170000) === 0o120000 ? readlinkSync(path) : readFileSync(path, 'latin1')
      return `${path.slice(root.length)} ${mode.toString(8)} ${text}`
    })
}

const named = (lines: readonly string[]) => lines.map((line) => line.split('\n')[0])
const lacking = (wanted: readonly string[], there: readonly string[]) => {
  const all = new Set(there)
  return named(wanted.filter((line) => !all.has(line)))
}

describe('ops/install', () => {
  it.each<[string, string | undefined, ShellCut]>([
    ['of a first start is killed -9', undefined, 'kill'],
    ['of an upgrade is killed -9', 'former', 'kill'],
    ['of an upgrade fails', 'former', 'fail'],
  ])(
    'that %s at any command leaves programs, is completed by the next one, and goes away whole',
    async (_, before, how) => {
      const [start, whole] = [folder.file('start'), folder.file('whole')]
      for (const root of [start, whole]) {
        rmSync(root, { recursive: true, force: true })
        mkdirSync(root)
      }
      if (before !== undefined) expect((await install(before, start)).status).toBe(0)
      const former = files(start)
      expect((await install('latter', whole)).status).toBe(0)
      const latter = files(whole)
      const wrong: string[] = []
      const steps = await script.steps(words('latter'), into(copied(start, 'traced')), EXCHANGING)
      let without = 0
      const tried = async (at: number): Promise<void> => {
        const say = (...lines: readonly string[]) => wrong.push(...lines.map((line) => `${at}: ${line}`))
        const root = copied(start, `cut-${at}`)
        const cut = await script.run(words('latter'), into(root), { at, how })
        if (how === 'kill' ? cut.signal !== 'SIGKILL' : cut.status !== 28) say(`it was not cut: ${cut.stderr}`)
        settle(root)
        const program = join(root, 'usr', 'lib', 'abrt-retrace', 'dist', 'bundle', 'abrt-retrace-server.js')
        const version = existsSync(program) ? readFileSync(program, 'utf8') : undefined
        if (version === undefined && before !== undefined) without++
        if (version === 'former') {
          say(...lacking(former, files(root)).map((line) => `gone before anything new was there: ${line}`))
          if (how === 'fail') say(...lacking(files(root), former).map((line) => `left: ${line}`))
        }
        const removed = copied(root, `removed-${at}`)
        const removal = await install('latter', removed, '--remove')
        const left = named(files(removed)).filter((line) =>
          !/^\/etc\/abrt-retrace\/abrt-retrace\.env /.test(line ?? '')
        )
        say(...left.map((line) => `--remove (${removal.status}) left: ${line}`))
        const next = await install('latter', root)
        if (next.status !== 0) say(`the next one says ${next.stderr}`)
        say(...lacking(latter, files(root)).map((line) => `the next one left out: ${line}`))
        say(...lacking(files(root), latter).map((line) => `the next one let stay: ${line}`))
        for (const each of [root, removed]) rmSync(each, { recursive: true })
      }
      await inTurns(steps, tried)
      console.log(`${steps.length} commands, ${without} without programs`)
      expect(wrong).toEqual([])
      // Between two renames, after which the next run takes back what was moved away.
      expect(without).toBeLessThanOrEqual(1)
    },
    600_000,
  )

  it('--remove that is killed -9 at any command is completed by the next one', async () => {
    const start = folder.file('start')
    rmSync(start, { recursive: true, force: true })
    mkdirSync(start)
    expect((await install('latter', start, '--cron')).status).toBe(0)
    const steps = await script.steps(words('latter', '--remove'), into(copied(start, 'traced')), [
      'remove',
      ...EXCHANGING,
    ])
    await inTurns(steps, async (at) => {
      const root = copied(start, `cut-${at}`)
      await script.run(words('latter', '--remove'), into(root), { at, how: 'kill' })
      settle(root)
      await install('latter', root, '--remove')
      expect([at, named(files(root))]).toEqual([at, [expect.stringMatching(/^\/etc\/abrt-retrace\/abrt-retrace.env /)]])
    })
  }, 300_000)

  it.each([['HUP', 129], ['INT', 130], ['TERM', 143]])(
    'that gets SIG%s while it makes files takes all of them away, and while it exchanges them comes to its end',
    async (signal, code) => {
      const root = folder.file(`signal-${signal}`)
      mkdirSync(root)
      expect((await install('former', root)).status).toBe(0)
      const former = files(root)
      const sending = (name: string, before: string) => {
        const programs = folder.file(`${signal}-${name}`)
        mkdirSync(programs)
        const lines = `#!/bin/sh\nkill -${signal} $PPID\n${before}\nPATH=\${PATH#*:} exec ${name} "$@"\n`
        writeFileSync(join(programs, name), lines, { mode: 0o755 })
        return { ...into(root), PATH: `${programs}:${env.PATH}` }
      }
      const making = await script.run(words('latter'), sending('install', 'sleep 0.5'))
      settle(root)
      expect([making.status, making.stderr]).toEqual([code, expect.stringContaining('changed nothing: begin again')])
      expect(files(root)).toEqual(former)
      expect((await script.run(words('latter'), sending('mv', ''))).status).toBe(0)
      settle(root)
      const [there, whole] = [files(root), folder.file(`whole-${signal}`)]
      mkdirSync(whole)
      expect((await install('latter', whole)).status).toBe(0)
      expect(there).toEqual(files(whole))
    },
    60_000,
  )

  it('and --remove at once, many times, leave all of it or nothing', () => {
    const root = folder.file('both')
    mkdirSync(join(root, 'usr', 'lib'), { recursive: true })
    const line = 'for each in 1 2 3 4 5; do "$1/former/ops/install" & "$1/former/ops/install" --remove & done; wait'
    const more = { env: { ...env, ...into(root) } }
    const { stderr } = spawnSync('bash', ['-c', line, 'bash', folder.path], { encoding: 'utf8', ...more })
    const others = stderr.split('\n').filter((each) => each !== '' && !each.includes('nothing of ours is installed'))
    expect(others).toEqual([])
    const there = named(files(root)).filter((each) => !each?.startsWith('/etc/abrt-retrace/abrt-retrace.env '))
    if (there.length > 0) expect(spawnSync(words('former')[0], ['--remove'], more).status).toBe(0)
    expect(named(files(root))).toEqual([expect.stringMatching(/^\/etc\/abrt-retrace\/abrt-retrace.env /)])
  }, 120_000)

  it('waits for another one', () => {
    const root = folder.file('shared')
    mkdirSync(join(root, 'usr', 'lib'), { recursive: true })
    const line =
      'for version in former latter former latter; do DESTDIR=$0 PREFIX=/usr "$1/$version/ops/install" & done; wait'
    expect(spawnSync('bash', ['-c', line, root, folder.path], { encoding: 'utf8' }).stderr).toBe('')
    expect(files(root).filter((each) => /\.install |\/planned |\.(new|old)\//.test(each))).toEqual([])
    const version = readFileSync(join(root, 'usr', 'lib', 'abrt-retrace', 'dist', 'bundle', 'retrace.js'), 'utf8')
    const units = readdirSync(join(root, 'usr', 'lib', 'systemd', 'system')).filter((each) =>
      /former|latter/.test(each)
    )
    expect(units).toEqual([`abrt-${version}.service`])
  }, 60_000)

  it('--remove takes away the part that it is told, whichever came first, and without one both', async () => {
    const ours = (root: string) => files(root).filter((line) => !line.startsWith('/etc/'))
    const emptied = (name: string) => {
      rmSync(folder.file(name), { recursive: true, force: true })
      mkdirSync(folder.file(name))
      return folder.file(name)
    }
    for (const order of [['server', 'client'], ['client', 'server']]) {
      const root = emptied('parts')
      const alone: Record<string, string[]> = {}
      for (const part of order) {
        const own = emptied(`part-${part}`)
        for (const each of [own, root]) expect((await install('former', each, '--part', part)).status).toBe(0)
        alone[part] = ours(own)
      }
      const both = copied(root, 'both')
      expect((await install('former', root, '--remove', '--part', 'client')).status).toBe(0)
      expect(ours(root)).toEqual(alone['server'])
      expect((await install('former', root, '--remove', '--part', 'client')).status).not.toBe(0)
      expect((await install('former', root, '--remove', '--part', 'server')).status).toBe(0)
      expect(ours(root)).toEqual([])
      expect((await install('former', both, '--remove')).status).toBe(0)
      expect(ours(both)).toEqual([])
    }
  })
})

/** Some of them at once. */
async function inTurns(steps: readonly number[], work: (at: number) => Promise<void>): Promise<void> {
  const left = [...steps]
  const one = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await work(at)
  }
  await Promise.all([one(), one(), one()])
}

/** Waits for what a killed script had started. */
function settle(root: string): void {
  if (existsSync(join(root, 'usr', 'lib'))) execFileSync('flock', [join(root, 'usr', 'lib'), 'true'])
}
