/** `abrt-retrace-server --init` that is killed -9, or finds the disk full, before every call that changes a file. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { geteuid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { type Cut, cutting } from '../helpers/cut.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { init, isPair, listing } from '../helpers/init.ts'

/** More calls than it makes. */
const MAX_CALLS = 150
const AT_ONCE = 4

/** The names that a key has ever had, and who could read it there. */
function openKeys(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'utf8').includes('PRIVATE KEY') && (lstatSync(path).mode & 0o007) !== 0)
}

describe('abrt-retrace-server --init', () => {
  it.each<[string, Cut]>([['killed -9', 'kill'], ['out of room on the disk', 'full']])(
    '%s before any call that changes a file, is ended by the next one as if nothing had been',
    async (_, how) => {
      await using folder = await temporaryFolder()
      const at = cutting(folder.path)
      const whole = folder.file('whole')
      mkdirSync(whole)
      expect((await init(whole, at(0, how))).status).toBe(0)
      const wanted = listing(whole)
      if (geteuid?.() === 0) expect(wanted).toContainEqual(expect.stringMatching(/^data\/spool 40700 64321:64322/))
      const wrong: string[] = []
      /** False: it was not cut, since it makes fewer calls. */
      const tried = async (call: number): Promise<boolean> => {
        const root = folder.file(String(call))
        mkdirSync(root)
        const cut = await init(root, at(call, how))
        if (how === 'full' && cut.stderr.includes('cut\n') && cut.status === 0) {
          wrong.push(`${call}: says that it ended well`)
        }
        for (const path of openKeys(root)) wrong.push(`${call}: ${path} is a key that all may read`)
        const next = await init(root, at(0, how))
        if (next.status !== 0) wrong.push(`${call}: the next one says ${next.stderr}`)
        else if (!isPair(join(root, 'etc'))) wrong.push(`${call}: the certificate is not of the key`)
        const there = listing(root)
        const lines = [
          ...wanted.filter((line) => !there.includes(line)),
          ...there.filter((line) => !wanted.includes(line)),
        ]
        for (const line of lines) wrong.push(`${call}: ${line.split('\n')[0]}`)
        rmSync(root, { recursive: true })
        return how === 'kill' ? cut.signal === 'SIGKILL' : cut.stderr.includes('cut\n')
      }
      let call = 1
      for (let isCut = true; isCut && call < MAX_CALLS; call += AT_ONCE) {
        isCut = (await Promise.all(Array.from({ length: AT_ONCE }, (_, next) => tried(call + next)))).every(Boolean)
      }
      console.log(`about ${call - 1} calls`)
      expect(wrong).toEqual([])
      expect(call).toBeLessThan(MAX_CALLS)
    },
    600_000,
  )

  it('killed -9 while it completes a file of settings leaves that as it was, or whole', async () => {
    await using folder = await temporaryFolder()
    const at = cutting(folder.path)
    const root = folder.file('root')
    mkdirSync(root)
    await init(root, at(0, 'kill'))
    const file = join(root, 'etc', 'abrt-retrace.env')
    const after = readFileSync(file, 'utf8')
    for (let call = 1, isCut = true; isCut && call < MAX_CALLS; call++) {
      writeFileSync(file, '# mine\n')
      isCut = (await init(root, at(call, 'kill'))).signal === 'SIGKILL'
      expect(['# mine\n', `# mine\n${after}`]).toContain(readFileSync(file, 'utf8'))
      expect((await init(root, at(0, 'kill'))).status).toBe(0)
      expect(readFileSync(file, 'utf8')).toBe(`# mine\n${after}`)
      expect(readdirSync(join(root, 'etc')).sort()).toEqual(['abrt-retrace.env', 'repos.d', 'server.crt', 'server.key'])
    }
  }, 120_000)

  it('half a pair that an administrator put there is refused, with what a killed run left beside it', async () => {
    await using folder = await temporaryFolder()
    const [root, etc] = [folder.file('root'), folder.file('root', 'etc')]
    mkdirSync(root)
    await init(root, {})
    renameSync(join(etc, 'server.crt'), join(etc, '.server.crt.init'))
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', join(etc, 'server.key')], { stdio: 'pipe' })
    const { status, stderr } = await init(root, {})
    expect([status, stderr]).toEqual([1, expect.stringMatching(/server\.key is there and \S+server\.crt is not/)])
    expect(existsSync(join(etc, 'server.crt'))).toBe(false)
  })

  it('several at once make one pair, and all end well', async () => {
    await using folder = await temporaryFolder()
    const root = folder.file('root')
    mkdirSync(root)
    const all = await Promise.all(Array.from({ length: 5 }, () => init(root, {})))
    expect(all.filter(({ status }) => status !== 0)).toEqual([])
    expect(all.filter(({ stdout }) => /^made \S+server\.crt/m.test(stdout))).toHaveLength(1)
    expect(all.filter(({ stdout }) => /^made \S+\.env$/m.test(stdout))).toHaveLength(1)
    expect(isPair(join(root, 'etc'))).toBe(true)
    expect(readdirSync(join(root, 'etc')).sort()).toEqual(['abrt-retrace.env', 'repos.d', 'server.crt', 'server.key'])
  }, 60_000)

  it('several at once, of settings of their own, share the folders that are missing above them', async () => {
    await using folder = await temporaryFolder()
    const root = folder.file('root')
    mkdirSync(root)
    const names = ['a', 'b', 'c', 'd', 'e']
    const all = await Promise.all(names.map((name) =>
      init(root, {
        RETRACE_SPOOL_DIR: join(root, 'srv', 'data', name),
        RETRACE_REPO_DIR: join(root, 'srv', 'repo', name),
        RETRACE_REPOS_D: join(root, 'srv', 'etc', name, 'repos.d'),
        RETRACE_DATABASE: join(root, 'srv', 'data', `${name}.of`, 'retrace.db'),
      })
    ))
    expect(all.filter(({ status }) => status !== 0)).toEqual([])
    expect(readdirSync(root, { recursive: true }).filter((path) => String(path).includes('.init'))).toEqual([])
    const modes = ['srv', 'srv/data', 'srv/etc', 'srv/etc/a', 'srv/repo/e'].map((path) =>
      lstatSync(join(root, path)).mode & 0o777
    )
    expect(modes).toEqual([0o755, 0o755, 0o755, 0o755, 0o755])
    const own = names.map((name) => lstatSync(join(root, 'srv', 'data', name)).mode & 0o777)
    expect(own).toEqual(names.map(() => 0o700))
  }, 60_000)

  it('leaves a folder that another one is making to that one', async () => {
    await using folder = await temporaryFolder()
    const root = folder.file('root')
    mkdirSync(root)
    const words = [
      join(root, '.init.lock'),
      '-c',
      `mkdir -m 750 ${root}/.etc.init; echo; sleep 1.5; mv ${root}/.etc.init ${root}/etc`,
    ]
    const holder = spawn('flock', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(holder, 'close')
    await once(holder.stdout, 'data')
    expect((await init(root, {})).status).toBe(0)
    expect(await ended).toEqual([0, null])
    expect(lstatSync(join(root, 'etc')).mode & 0o777).toBe(0o750)
    expect(readdirSync(root)).not.toContain('.init.lock')
  })

  it('waits for one that runs, whose lock goes with it', async () => {
    await using folder = await temporaryFolder()
    const [root, released] = [folder.file('root'), folder.file('released')]
    mkdirSync(join(root, 'etc'), { recursive: true })
    const words = [join(root, 'etc', '.init.lock'), '-c', `echo; sleep 1.5; touch ${released}`]
    const holder = spawn('flock', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    expect((await init(root, {})).status).toBe(0)
    expect(existsSync(released)).toBe(true)
    expect(readdirSync(join(root, 'etc'))).not.toContain('.init.lock')
  })

  it('makes the file of settings that a link leads to and that is gone', async () => {
    await using folder = await temporaryFolder()
    const root = folder.file('root')
    mkdirSync(join(root, 'etc'), { recursive: true })
    symlinkSync('../own.env', join(root, 'etc', 'abrt-retrace.env'))
    expect((await init(root, {})).status).toBe(0)
    expect(lstatSync(join(root, 'etc', 'abrt-retrace.env')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(root, 'own.env'), 'utf8')).toContain('RETRACE_PORT=0')
  })
})
