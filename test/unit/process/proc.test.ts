import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cwd, kill, pid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { isRunning, startOf, thisProcess } from '../../../src/process/identity.ts'
import { availableMb, heldMb, processTree, residentKb, residentMb } from '../../../src/process/memory.ts'
import {
  childrenOf,
  deletedLockHolder,
  kilobytes,
  openFiles,
  parseStat,
  processIds,
  procText,
  workingDirectory,
} from '../../../src/process/proc.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** A number that no process can have: pid_max is 4194304 at most. */
const NOBODY = 99_999_999

const recorded = (machine: string, file: string) =>
  readFileSync(join(installationRoot(), 'test', 'fixtures', 'proc', machine, file), 'latin1')

describe('parseStat()', () => {
  it('reads parent, group and start, whatever stands in the name', () => {
    expect(recorded('amd64-4k', 'stat')).toContain('(a) (b)')
    expect(parseStat(recorded('amd64-4k', 'stat'))).toEqual({
      parent: 1,
      group: 20_481,
      started: '449598',
      isDead: false,
    })
    expect(parseStat(recorded('ppc64el-64k', 'stat'))).toEqual({
      parent: 80,
      group: 0,
      started: '295',
      isDead: false,
    })
  })

  it.each([
    ['ended and not reaped', (fields: string[]) => fields[0] = 'Z'],
    ['ending', (fields: string[]) => fields[6] = String(0x40_0004)],
    ['killed and still to hear of it', (fields: string[]) => fields[28] = '256'],
  ])('takes a process that is %s for dead', (_, change) => {
    const text = recorded('amd64-4k', 'stat')
    const at = text.lastIndexOf(')') + 2
    const fields = text.slice(at).split(' ')
    change(fields)
    expect(parseStat(text.slice(0, at) + fields.join(' '))?.isDead).toBe(true)
  })

  it('reads nothing from the empty text of a process that has ended', () => {
    expect(parseStat('')).toBeUndefined()
  })
})

describe('the memory of a process', () => {
  it.each([['amd64-4k', 4, 48 + 192 * 4], ['ppc64el-64k', 64, 21]])(
    'the memory of a process is what its pages hold on %s, of %i KiB each, with %i KiB of page tables and places for pipes',
    (machine, pageKb, more) => {
      const pages = Number(recorded(machine, 'statm').split(' ')[1])
      expect(pages).toBeGreaterThan(0)
      expect(residentKb(recorded(machine, 'status'))).toBe(pages * pageKb + more)
    },
  )

  it('counts what was swapped out, page tables, and what may be in pipes', () => {
    const status = (more: string) => residentKb(`VmRSS:\t 100 kB\n${more}`)
    expect([status(''), status('VmSwap:\t 7 kB\n'), status('VmPTE:\t 5 kB\n')]).toEqual([100, 107, 105])
    expect([status('FDSize:\t64\n'), status('FDSize:\t1024\n')]).toEqual([100, 100 + 960 * 4])
  })

  it('finds no memory of a process that has ended, nor of a thread of the kernel, which has no VmRSS', () => {
    expect(residentKb('')).toBe(0)
    expect(residentKb('Name:\tkthreadd\nPPid:\t0\n')).toBe(0)
    expect(residentMb(NOBODY)).toBe(0)
  })

  it('counts that of all that it has started', async () => {
    const parent = spawn('sh', ['-c', 'sleep 60 & sleep 60 & wait'])
    try {
      await expect.poll(() => childrenOf(parent.pid ?? 0).length).toBe(2)
      const [first, ...children] = processTree(parent.pid ?? 0)
      expect(first).toBe(parent.pid)
      const sum = children.reduce((all, child) => all + residentMb(child), 0)
      expect(sum).toBeGreaterThan(0)
      expect(residentMb(parent.pid ?? 0)).toBeGreaterThan(sum)
    } finally {
      for (const child of childrenOf(parent.pid ?? 0)) kill(child)
      await once(parent, 'exit')
    }
  })
})

describe('the memory of processes that share it', () => {
  it.each([
    ['once what a fork shares', 'own = bytearray(b"x" * (64 << 20)); pid = os.fork()', 2, [64, 100]],
    ['what there may be in pipes', 'own = [os.pipe() for _ in range(300)]; pid = 1', 1, [3, 40]],
  ])('counts %s', async (_, makes, processes, [least = 0, most = 0]) => {
    const code = `import os, sys; ${makes}; pid and print("", flush=True); sys.stdin.read()`
    const child = spawn('python3', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      await once(child.stdout, 'data')
      const tree = processTree(child.pid ?? 0)
      expect(tree.length).toBe(processes)
      const shared = processes > 1 ? 0 : (kilobytes(procText(`${child.pid}/smaps_rollup`), 'Pss') ?? 0) / 1024
      const held = heldMb(child.pid ?? 0) - shared
      expect(held).toBeGreaterThan(least)
      expect(held).toBeLessThan(most)
    } finally {
      child.stdin.end()
      await once(child, 'exit')
    }
  })
})

describe('the memory that is available', () => {
  it('the memory that is available is MemAvailable, in MiB', () => {
    expect(availableMb(recorded('ppc64el-64k', 'meminfo'))).toBe(921_024 / 1024)
    expect(availableMb()).toBeGreaterThan(10)
  })

  it('the memory that is available has no bound where nobody says', () => {
    expect(availableMb('MemTotal:  1 kB\n')).toBe(Infinity)
  })
})

describe('a process by its name', () => {
  it('runs as long as a process of its number and its start does', () => {
    const me = thisProcess()
    expect(me).toMatchObject({ pid, started: startOf(pid) })
    expect(isRunning({ ...me, until: 0 })).toBe(true)
  })

  it('takes a process for ended when its number belongs to another one now, or to none', () => {
    const me = thisProcess()
    expect(isRunning({ ...me, started: '1', until: Infinity })).toBe(false)
    expect(isRunning({ ...me, pid: NOBODY, until: Infinity })).toBe(false)
  })

  it('believes a process on another host to run until its time is over', () => {
    const there = { ...thisProcess(), host: 'elsewhere.example' }
    expect(isRunning({ ...there, until: Date.now() / 1000 + 100 })).toBe(true)
    expect(isRunning({ ...there, until: Date.now() / 1000 - 100 })).toBe(false)
  })
})

describe('what a process has open', () => {
  it('names what a process has open by path, and so its working directory', () => {
    const file = openSync('/etc/hostname', 'r')
    try {
      expect(openFiles(pid).get(file)).toBe('/etc/hostname')
      expect(workingDirectory(pid)).toBe(cwd())
      expect(processIds()).toContain(pid)
    } finally {
      closeSync(file)
    }
  })

  it('finds nothing open by a process that has ended', () => {
    expect(openFiles(NOBODY).size).toBe(0)
    expect(workingDirectory(NOBODY)).toBeUndefined()
    expect(childrenOf(NOBODY)).toEqual([])
  })
})

const LOCKING = `
import fcntl, os, sys
folder, name, leads_to = sys.argv[1:]
file = open(os.path.join(folder, name), "w")
fcntl.lockf(file, fcntl.LOCK_EX)
os.unlink(file.name)
if leads_to:
    os.rmdir(folder)
    os.symlink(leads_to, folder)
print("ready", flush=True)
sys.stdin.read()`

it('who holds the lock of a deleted file is found, and nobody who only leads there by a link', async () => {
  await using folder = await temporaryFolder()
  for (const name of ['spool', 'other']) mkdirSync(folder.file(name))
  const hold = async (...words: string[]) => {
    const child = spawn('python3', ['-c', LOCKING, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return child
  }
  const forger = await hold(folder.file('other'), 'server.lock', folder.file('spool'))
  expect(deletedLockHolder(folder.file('spool', 'server.lock'))).toBe(undefined)
  const holder = await hold(folder.file('spool'), 'server.lock', '')
  expect(deletedLockHolder(folder.file('spool', 'server.lock'))).toBe(holder.pid)
  for (const child of [forger, holder]) {
    child.stdin.end()
    await once(child, 'exit')
  }
})

const MOUNTING = `
import fcntl, os, subprocess, sys
folder, leads_to = sys.argv[1:]
file = open(os.path.join(folder, "server.lock"), "w")
fcntl.lockf(file, fcntl.LOCK_EX)
os.unlink(file.name)
subprocess.check_call(["mount", "--bind", leads_to, folder])
print("ready", flush=True)
sys.stdin.read()`

const AS_NOBODY = [
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
]
const nobodyMounts = spawnSync('setpriv', [...AS_NOBODY, 'true']).status === 0

it.runIf(nobodyMounts)('nobody holds a lock by a mount of the folder in a namespace of another user', async () => {
  await using folder = await temporaryFolder()
  mkdirSync(folder.file('spool'), { mode: 0o700 })
  mkdirSync(folder.file('other'))
  for (const path of [folder.path, folder.file('other')]) chmodSync(path, 0o777)
  const words = [...AS_NOBODY, 'python3', '-c', MOUNTING, folder.file('other'), folder.file('spool')]
  const forger = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'] })
  expect(String((await once(forger.stdout, 'data'))[0])).toMatch(/^ready/)
  expect(deletedLockHolder(folder.file('spool', 'server.lock'))).toBe(undefined)
  forger.stdin.end()
  await once(forger, 'exit')
})
