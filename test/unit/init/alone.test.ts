/** One `--init` at a time for a folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alone, FolderTaken, lockOf } from '../../../src/init/alone.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

let folder: Folder
const holders: ChildProcess[] = []
beforeEach(async () => void (folder = await temporaryFolder()))
afterEach(async () => {
  for (const each of holders.splice(0)) each.kill('SIGKILL')
  await folder[Symbol.asyncDispose]()
})

function made(name: string): string {
  mkdirSync(folder.file(name))
  return folder.file(name)
}

/** Another process that has the lock of a folder, until the test is over. */
async function held(path: string): Promise<void> {
  const holder = spawn('flock', ['--no-fork', lockOf(path), 'sh', '-c', 'echo; exec sleep 120'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  holders.push(holder)
  await once(holder.stdout, 'data')
}

describe('alone()', () => {
  it('waits no longer than it says, and says for what', async () => {
    const path = made('a')
    await held(path)
    const began = performance.now()
    const thrown = await alone([path], 1).catch((cause: unknown) => cause)
    expect(thrown).toBeInstanceOf(FolderTaken)
    expect(String(thrown)).toContain(`another --init has ${lockOf(path)}, and did not end within 1 s`)
    expect(performance.now() - began).toBeLessThan(15_000)
  }, 30_000)

  it('waits for nobody whose lock is gone', async () => {
    const path = made('a')
    await held(path)
    const waiting = alone([path], 50)
    setTimeout(() => rmSync(lockOf(path)), 500)
    using _alone = await waiting
    expect(existsSync(lockOf(path))).toBe(true)
  }, 60_000)

  it('of two that name two folders in another order both end', async () => {
    const [a, b] = [made('a'), made('b')]
    const one = async (folders: string[]) => {
      for (let round = 0; round < 5; round++) {
        using _alone = await alone(folders, 30)
      }
    }
    await Promise.all([one([a, b]), one([b, a])])
    expect([a, b].map((each) => existsSync(lockOf(each)))).toEqual([false, false])
  }, 60_000)

  it('has a folder with two names once', async () => {
    const path = made('a')
    symlinkSync('a', folder.file('b'))
    using _alone = await alone([path, folder.file('b')], 1)
    expect(existsSync(lockOf(path))).toBe(true)
  })

  it('keeps what it has from all others, and lets them into a folder that all may write to', async () => {
    const [own, shared] = [made('own'), made('shared')]
    execFileSync('chmod', ['1777', shared])
    using _alone = await alone([own, shared])
    expect([own, shared].map((each) => lstatSync(lockOf(each)).mode & 0o777)).toEqual([0o600, 0o644])
  })
})
