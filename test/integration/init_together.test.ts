/** Several `abrt-retrace-server --init` at once, of which one is stopped before a call that changes a file, and goes on later. */
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { geteuid } from 'node:process'
import { describe, expect, it, vi } from 'vitest'
import { cutting } from '../helpers/cut.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { init, type InitEnd, isPair, listing } from '../helpers/init.ts'

/** More calls than it makes. */
const MAX_CALLS = 150
const AT_ONCE = 4
/** Some calls after the other will do: what is done between two locks is several. */
const STEP = 5
/** So long the other one has while the first one is stopped; what that one has, it waits for. */
const WHILE_STOPPED_MS = 1500

const isRoot = geteuid?.() === 0
/** Nobody's. */
const STRANGER = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups', '--']

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether it is stopped; undefined: it has ended. */
function isStopped(pid: number): boolean | undefined {
  try {
    return /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

/** One is stopped, the other one begins, and after a while the first one goes on. */
async function oneStopped(first: ReturnType<typeof init>, second: () => Promise<InitEnd>): Promise<InitEnd[]> {
  const pid = first.child.pid ?? 0
  const ended = first.then(() => true)
  await vi.waitFor(async () => {
    if (isStopped(pid) === false && !await Promise.race([ended, pause(1).then(() => false)])) throw new Error('it runs')
  }, { timeout: 60_000, interval: 20 })
  const other = second()
  await Promise.race([other, pause(WHILE_STOPPED_MS)])
  if (isStopped(pid) === true) first.child.kill('SIGCONT')
  return await Promise.all([first, other])
}

/** Goes through the calls, some at once; `tried` says whether it was stopped there at all. */
async function atEachCall(tried: (call: number) => Promise<boolean>): Promise<void> {
  let call = 1
  for (let isCut = true; isCut && call < MAX_CALLS; call += AT_ONCE * STEP) {
    isCut = (await Promise.all(Array.from({ length: AT_ONCE }, (_, next) => tried(call + next * STEP)))).every(Boolean)
  }
  console.log(`about ${call - 1} calls`)
  expect(call).toBeLessThan(MAX_CALLS)
}

const notWell = (ends: readonly InitEnd[]) => ends.filter(({ status }) => status !== 0)
const leftOvers = (root: string) =>
  readdirSync(root, { recursive: true }).map(String).filter((path) => /\.init|\.files/.test(path))

describe('two abrt-retrace-server --init at once', () => {
  it('end well wherever the first one is stopped, as if there had been one', async () => {
    await using folder = await temporaryFolder()
    const at = cutting(folder.path)
    const whole = folder.file('whole')
    mkdirSync(whole)
    expect((await init(whole, at(0, 'stop'))).status).toBe(0)
    const wanted = listing(whole)
    await atEachCall(async (call) => {
      const root = folder.file(String(call))
      mkdirSync(root)
      const first = init(root, at(call, 'stop'))
      let wasStopped = false
      const ends = await oneStopped(first, () => {
        wasStopped = isStopped(first.child.pid ?? 0) === true
        return init(root, at(0, 'stop'))
      })
      expect([call, notWell(ends), listing(root)]).toEqual([call, [], wanted])
      expect(isPair(join(root, 'etc'))).toBe(true)
      rmSync(root, { recursive: true })
      return wasStopped
    })
  }, 600_000)

  it(
    'of settings of their own, with a repos.d, a certificate and a spool in common, end well wherever the first one is stopped',
    async () => {
      await using folder = await temporaryFolder()
      const at = cutting(folder.path)
      await atEachCall(async (call) => {
        const root = folder.file(String(call))
        for (const name of ['', 'a', 'b', 'tls', 'repos.d']) mkdirSync(join(root, name))
        for (const name of ['a', 'b']) symlinkSync('../repos.d', join(root, name, 'repos.d'))
        const common = {
          RETRACE_TLS_CERT: join(root, 'tls', 'server.crt'),
          RETRACE_TLS_KEY: join(root, 'tls', 'server.key'),
        }
        const of = (name: string) => ({ ...common, RETRACE_REPOS_D: join(root, name, 'repos.d') })
        const first = init(root, { ...of('a'), ...at(call, 'stop') })
        let wasStopped = false
        const ends = await oneStopped(first, () => {
          wasStopped = isStopped(first.child.pid ?? 0) === true
          return init(root, { ...of('b'), ...at(0, 'stop') })
        })
        expect([call, notWell(ends), leftOvers(root)]).toEqual([call, [], []])
        expect(isPair(join(root, 'tls'))).toBe(true)
        expect(['a', 'b'].map((name) => readdirSync(join(root, name)).sort())).toEqual([
          ['abrt-retrace.env', 'repos.d'],
          ['abrt-retrace.env', 'repos.d'],
        ])
        rmSync(root, { recursive: true })
        return wasStopped
      })
    },
    600_000,
  )

  it('of which each makes a folder where the other one has its settings do not wait for each other', async () => {
    await using folder = await temporaryFolder()
    const at = cutting(folder.path)
    const root = folder.file('root')
    for (const name of ['', 'a', 'b']) mkdirSync(join(root, name))
    const of = (own: string, other: string) => ({
      RETRACE_REPOS_D: join(root, own, 'repos.d'),
      RETRACE_SPOOL_DIR: join(root, other, 'spool'),
    })
    // The first one is stopped when it has made its first lock.
    const first = init(root, { ...of('a', 'b'), ...at(2, 'stop') })
    const ends = await oneStopped(first, () => init(root, { ...of('b', 'a') }))
    expect([notWell(ends), leftOvers(root)]).toEqual([[], []])
  }, 150_000)

  it.runIf(isRoot)("of two users, in a folder that is all users', wait for each other, whoever began", async () => {
    await using folder = await temporaryFolder()
    chmodSync(folder.path, 0o755)
    const at = cutting(folder.path)
    for (const [name, mine, other] of [['one', [], STRANGER], ['two', STRANGER, []]] as const) {
      const shared = folder.file(name)
      mkdirSync(shared)
      chmodSync(shared, 0o1777)
      const first = init(join(shared, 'a'), at(4, 'stop'), mine)
      const ends = await oneStopped(first, () => init(join(shared, 'b'), {}, other))
      expect([name, notWell(ends), leftOvers(shared)]).toEqual([name, [], []])
    }
  }, 150_000)

  it.runIf(isRoot)("a lock that another user's killed one left where all may write keeps nobody away", async () => {
    await using folder = await temporaryFolder()
    chmodSync(folder.path, 0o1777)
    const root = folder.file('root')
    for (const mode of [0o644, 0o600]) {
      rmSync(root, { recursive: true, force: true })
      mkdirSync(root)
      const lock = folder.file('.init.lock')
      rmSync(lock, { force: true })
      writeFileSync(lock, '')
      chownSync(lock, 12346, 12346)
      chmodSync(lock, mode)
      chmodSync(root, 0o777)
      const { status, stderr } = await init(root, {}, STRANGER)
      expect([status, stderr]).toEqual([0, ''])
    }
  }, 60_000)
})
