/**
 * A kill at any instruction while a task lacks memory: each step of it is ended before each of its calls to the file system, none of
 * which works from then on; then the next server's start finds what is there.
 */
import { Buffer } from 'node:buffer'
import fs, { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesSource } from '../../src/elf/bytes_source.ts'
import { readCore } from '../../src/elf/core.ts'
import { fileSource } from '../../src/elf/source.ts'
import { slimCore } from '../../src/slim/slim.ts'
import { recoverSpool } from '../../src/spool/recovery.ts'
import type { Result } from '../../src/task/files.ts'
import { setAside, takeAside, writeMemory } from '../../src/task/rounds.ts'
import { Task } from '../../src/task/task.ts'
import { writeResults } from '../../src/task/write.ts'
import { layMemory } from '../../workers/retrace/lay_memory.ts'
import { fixtureCore } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { slimBytes } from '../helpers/slim.ts'

class Killed extends Error {}

const SYNC = [
  'mkdirSync',
  'linkSync',
  'renameSync',
  'rmSync',
  'openSync',
  'writeSync',
  'fsyncSync',
  'writeFileSync',
] as const
const ASYNC = ['open', 'copyFile', 'rename', 'rm'] as const

/** Runs `act`, which dies before its Nth call that changes files. False: it came to its end before that. */
async function dies(act: () => unknown, at: number): Promise<boolean> {
  let [calls, isDead] = [0, false]
  const kept: Record<string, unknown> = {}
  const wrapped = (original: (...words: unknown[]) => unknown) => (...words: unknown[]) => {
    if (isDead || ++calls === at) {
      isDead = true
      throw new Killed()
    }
    return original(...words)
  }
  const [sync, later] = [fs as unknown as Record<string, never>, fsPromises as unknown as Record<string, never>]
  for (const name of SYNC) sync[name] = wrapped(kept[name] = sync[name] as never) as never
  for (const name of ASYNC) later[name] = wrapped(kept[`async ${name}`] = later[name] as never) as never
  syncBuiltinESMExports()
  try {
    await act()
  } catch (error) {
    if (!(error instanceof Killed)) throw error
  } finally {
    for (const name of SYNC) sync[name] = kept[name] as never
    for (const name of ASYNC) later[name] = kept[`async ${name}`] as never
    syncBuiltinESMExports()
  }
  return isDead
}

const FIRST: [Result, string][] = [
  ['modules.json', '[]'],
  ['backtrace', 'first\n'],
  ['outcome.json', '{"code":"ok-partial","summary":"The first.","next_step":null}'],
  ['retrace-log', 'the first run\n'],
]
const SECOND: [Result, string][] = [...FIRST.slice(0, 1), ['backtrace.json', '{}'], ['backtrace', 'second\n']]

let folder: Folder
let slim: Uint8Array
let memory: Buffer
let ranges: { start: bigint; length: number }[]
let number = 0

beforeAll(async () => {
  folder = await temporaryFolder()
  using source = fileSource(fixtureCore('amd64', folder.path).core)
  const made = slimCore(source, { budget: 0, keepsArguments: true, maker: 'test 1' })
  slim = slimBytes(made)
  const left = readCore(bytesSource(new Uint8Array(slim))).leftOut?.ranges ?? []
  const [page] = made.more(left.map(({ start, end }) => ({ start, length: Number(end - start) })), 512)
  if (page === undefined) throw new Error('Nothing was left out')
  ranges = [{ start: BigInt(page.start), length: page.bytes.length }]
  const head = Buffer.alloc(12)
  head.writeBigUInt64BE(BigInt(page.start))
  head.writeUInt32BE(page.bytes.length, 8)
  memory = Buffer.concat([head, page.bytes])
})
afterAll(async () => await folder[Symbol.asyncDispose]())

/** A task in a spool of its own. */
function newTask(): { spool: string; task: Task } {
  const spool = folder.file(`spool-${++number}`)
  mkdirSync(join(spool, '1'), { recursive: true })
  writeFileSync(join(spool, '1', 'coredump'), slim)
  writeFileSync(join(spool, '1', 'rounds'), '3\n')
  return { spool, task: new Task(join(spool, '1')) }
}

const wanted = () => ({ round: 1, rounds: 3, ranges })

/** What the next start makes of it, also if that is killed, and started again. */
async function recovered({ spool, task }: { spool: string; task: Task }): Promise<string> {
  // Another quarter of its calls each time.
  for (let at = 1 + number % 4; at < 200 && await dies(() => recoverSpool(spool), at); at += 4);
  await recoverSpool(spool)
  if (!task.hasEnded()) {
    expect(
      readdirSync(task.directory).filter((name) =>
        /aside|backtrace|retrace-log/.test(name) && !name.endsWith('.partial')
      ),
    )
      .toEqual([])
    expect(Buffer.from(slim).equals(readFileSync(task.file('coredump')))).toBe(true)
    return 'runs again'
  }
  expect(task.state()).toBe('FINISHED_SUCCESS')
  for (const [name, text] of FIRST.slice(0, 3)) expect(readFileSync(task.file(name), 'utf8')).toBe(text)
  expect(readFileSync(task.file('retrace-log'), 'utf8')).toMatch(/^the first run\n(server: .*\n)$/)
  expect(readdirSync(task.directory).sort()).toEqual([...FIRST.map(([name]) => name), 'rounds'].sort())
  return 'first result'
}

/** Kills `act` at each of its calls, on a task that `before` has prepared. */
async function ends(act: (task: Task) => unknown, before: (task: Task) => Promise<unknown> = () => Promise.resolve()) {
  const found: string[] = []
  for (let at = 1;; at++) {
    const each = newTask()
    await before(each.task)
    if (!await dies(() => act(each.task), at)) return [...found, await recovered(each)]
    found.push(await recovered(each))
  }
}

/** Until it is disposed of, no file gets a second name. */
function withoutLinks(): Disposable {
  const { linkSync } = fs
  const use = (each: typeof linkSync) => {
    fs.linkSync = each
    syncBuiltinESMExports()
  }
  use(() => {
    throw Object.assign(new Error('none'), { code: 'EPERM' })
  })
  return { [Symbol.dispose]: () => use(linkSync) }
}

async function asideOf(task: Task): Promise<void> {
  await setAside(task, FIRST, wanted())
}

describe('a kill at any instruction', () => {
  it('while a result is kept aside leaves a task that runs again, or has that result', async () => {
    const found = await ends(asideOf)
    expect(found.length).toBeGreaterThan(8)
    expect(found.join(' ')).toMatch(/^(runs again )+(first result ?)+$/)
  })

  it('while memory comes, is laid into the core, and a run with it writes its results leaves the first result', async () => {
    const coming = await ends((task) => writeMemory(task, memory), asideOf)
    const laying = await ends(layMemory, async (task) => {
      await asideOf(task)
      await writeMemory(task, memory)
    })
    const writing = await ends((task) => writeResults(task, SECOND), asideOf)
    expect(Math.min(coming.length, laying.length, writing.length)).toBeGreaterThan(3)
    expect(new Set([...coming, ...laying, ...writing])).toEqual(new Set(['first result']))
  })

  it('while the result that was kept aside becomes that of the task leaves it to the next start', async () => {
    const found = await ends((task) => takeAside(task, 'server: no more memory came'), async (task) => {
      await asideOf(task)
      await writeResults(task, SECOND)
    })
    expect(found.length).toBeGreaterThan(6)
    expect(new Set(found)).toEqual(new Set(['first result']))
  })

  it('there leaves it so, too, where the file system has no second names', async () => {
    using _disk = withoutLinks()
    const found = await ends((task) => takeAside(task, 'server: no more memory came'), async (task) => {
      await asideOf(task)
      await writeResults(task, SECOND)
    })
    expect(found.length).toBeGreaterThan(10)
    expect(new Set(found)).toEqual(new Set(['first result']))
  })

  it('leaves a core that is whole: the one before, or the one with the memory', async () => {
    const sizes = new Set<number>()
    for (let at = 1, isOver = false; !isOver; at++) {
      const { task } = newTask()
      await asideOf(task)
      await writeMemory(task, memory)
      isOver = !await dies(() => layMemory(task), at)
      sizes.add(readFileSync(task.file('coredump')).length)
      const isStillThere = task.has('memory')
      expect(isStillThere).toBe(!isOver)
      expect(layMemory(task)).toBe(isStillThere ? 512 : undefined)
      sizes.add(readFileSync(task.file('coredump')).length)
    }
    expect(sizes.size).toBe(2)
  })
})

describe('a result that was kept aside', () => {
  it('becomes that of the task without being read or written again, but for its log', async () => {
    const { task } = newTask()
    await asideOf(task)
    await writeResults(task, SECOND)
    const file = (name: string) => statSync(join(task.directory, name))
    expect(await takeAside(task, 'server: no more memory came')).toBe(true)
    for (const [name] of FIRST.slice(0, 3)) expect(file(name).ino).toBe(file(join('aside-1', name)).ino)
    expect(readFileSync(join(task.file('aside-1'), 'retrace-log'), 'utf8')).toBe('the first run\n')
    expect(readFileSync(task.file('retrace-log'), 'utf8')).toBe('the first run\nserver: no more memory came\n')
    expect(readdirSync(task.directory).filter((name) => /json|wanted|partial/.test(name)).sort())
      .toEqual(['modules.json', 'outcome.json'])
  })
})
