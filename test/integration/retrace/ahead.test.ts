/** A gdb that was started before it was known what it is to see: it sees that and nothing else, says the same, and leaves nothing. */
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { indexPath } from '../../../src/packages/keep/debug_index.ts'
import { removeStrays } from '../../../src/packages/keep/strays.ts'
import { KeptView } from '../../../src/packages/keep/view.ts'
import { GdbAhead } from '../../../workers/retrace/ahead.ts'
import { assemble } from '../../../workers/retrace/assemble.ts'
import { companionsOf } from '../../../workers/retrace/companions.ts'
import { type Engine, hostEngine } from '../../../workers/retrace/gdb/engine.ts'
import type { StartedGdb } from '../../../workers/retrace/run_gdb.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'
import { modulesIn, readCoreAt, retraceIn, WORKER_ROOT } from '../../helpers/retrace.ts'

const LIMIT_MS = 60_000
let folder: Folder
let corePath: string

beforeAll(async () => {
  folder = await temporaryFolder()
  corePath = fixtureCore('amd64', folder.path).core
  fixtureFiles('amd64', folder.path)
  writeFileSync(folder.file('secret'), 'of another package')
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** One for the fixture, with its view in a store of its own. */
async function started(repoDir: string, engine: Engine): Promise<GdbAhead> {
  const config = { taskMemoryMb: 4096, taskTimeoutS: 60, maxBacktraceKb: 16_384, repoDir }
  const ahead = await GdbAhead.start(engine, corePath, { config, root: WORKER_ROOT, cgroups: undefined })
  if (ahead === undefined) throw new Error('Expected a gdb')
  const core = readCoreAt(corePath)
  const modules = modulesIn(core, folder.path)
  ahead.assembly = assemble(core, modules, { corePath, companions: companionsOf(core, modules), store: ahead.names })
  return ahead
}

function host(): Engine {
  const engine = hostEngine()
  if (engine === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
  return engine
}

/** What a line of Python says inside. */
async function python({ session }: StartedGdb, code: string): Promise<string> {
  const line = `-interpreter-exec console ${JSON.stringify(`python import os; print(${code})`)}`
  return (await session.command(line, LIMIT_MS)).console.trim()
}

const views = (repoDir: string) => readdirSync(`${repoDir}/.fetch`)

describe('a gdb that was started ahead', () => {
  it('sees the files of its task under all their names, and no other file of their packages; its view goes with it', async () => {
    await using store = await temporaryFolder()
    const engine = host()
    await using ahead = await started(store.path, engine)
    const taken = await ahead.take(engine, LIMIT_MS)
    if (taken === undefined) throw new Error('Expected that it fits')
    const files = await python(taken, 'sorted(f for _, _, fs in os.walk("/store") for f in fs)')
    expect(files).toMatch(/'crash'.*'libc\.so\.6'/)
    expect(files).not.toContain('secret')
    expect(await python(taken, 'os.path.realpath("/sysroot/usr/bin/crash")')).toBe('/store/0/crash')
    const isWhole = 'all(os.path.isfile(os.path.join(d, f)) for d, _, fs in os.walk("/sysroot/usr") for f in fs)'
    expect(await python(taken, isWhole)).toBe('True')
    expect(await python(taken, 'os.path.exists("/sysroot/lib/x86_64-linux-gnu/libc.so.6")')).toBe('True')
    expect(await ahead.take(engine, LIMIT_MS)).toBeUndefined()
    expect(views(store.path)).toHaveLength(1)
    await taken.close()
    expect(views(store.path)).toEqual([])
  })

  it('is no other debugger, and none for a file that cannot be shown: both leave nothing', async () => {
    await using store = await temporaryFolder()
    const other = await started(store.path, host())
    expect(await other.take(host(), LIMIT_MS)).toBeUndefined()
    const engine = host()
    const lacking = await started(store.path, engine)
    lacking.names.file({ path: folder.file('gone') })
    expect(await lacking.take(engine, LIMIT_MS)).toBeUndefined()
    const unused = await started(store.path, engine)
    await unused[Symbol.asyncDispose]()
    expect(views(store.path)).toEqual([])
  })

  it('has indices where it cannot write, so that it makes none of its own', async () => {
    await using store = await temporaryFolder()
    const engine = { ...host(), indexKey: 'gdb-1' }
    await using ahead = await started(store.path, engine)
    const packageDir = store.file('package')
    const path = packageDir + indexPath(engine.indexKey, 'abcd')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'an index')
    if (ahead.assembly === undefined) throw new Error('Expected what it is to see')
    ahead.assembly = { ...ahead.assembly, debugFiles: [{ buildId: 'abcd', packageDir, packageInside: packageDir }] }
    const taken = await ahead.take(engine, LIMIT_MS)
    if (taken === undefined) throw new Error('Expected that it fits')
    expect(await python(taken, 'gdb.parameter("index-cache directory")')).toBe('/store/index')
    expect(await python(taken, 'os.listdir("/store/index")')).toBe("['abcd.gdb-index']")
    expect(await python(taken, 'os.access("/store/index", os.W_OK)')).toBe('False')
    await taken.close()
  })

  it('is not asked where its view was removed, and made anew, meanwhile', async () => {
    await using store = await temporaryFolder()
    const engine = host()
    const ahead = await started(store.path, engine)
    // Another folder of that name, and of another number.
    renameSync(`${store.path}/.fetch`, store.file('removed'))
    expect(await ahead.take(engine, LIMIT_MS)).toBeUndefined()
  })

  it('says what one says that was started when all was known', async () => {
    const [ahead, late] = [
      await retraceIn(corePath, folder.path),
      await retraceIn(corePath, folder.path, { isLate: true }),
    ]
    expect(ahead.text).toContain('level3')
    expect(ahead.text).toBe(late.text)
    expect({ ...ahead.json, seconds: undefined }).toEqual({ ...late.json, seconds: undefined })
  })
})

describe('KeptView', () => {
  it('shows plain files alone, those of folders, too, and is not made where there is no store', async () => {
    await using store = await temporaryFolder()
    expect(KeptView.make(store.file('nowhere'))).toBeUndefined()
    using view = KeptView.make(store.path)
    mkdirSync(store.file('python', 'v6'), { recursive: true })
    writeFileSync(store.file('python', 'v6', 'printers.py'), '')
    symlinkSync('/etc/passwd', store.file('python', 'link'))
    symlinkSync('/etc/passwd', store.file('link'))
    expect(view?.show([], [{ from: store.file('python'), at: '/folder' }])).toBe(true)
    expect(readdirSync(`${view?.folder}/folder`, { recursive: true }).sort()).toEqual(['v6', 'v6/printers.py'])
    expect(view?.show([{ from: store.file('link'), at: '/0/passwd' }], [])).toBe(false)
    expect(existsSync(`${view?.folder}/0/passwd`)).toBe(false)
  })

  it('that a killed worker left is a stray after a day, and none before', async () => {
    await using known = await temporaryDatabase()
    await using store = await temporaryFolder()
    using view = KeptView.make(store.path)
    expect(removeStrays(known.database, store.path, { dryRun: false })).toEqual([])
    vi.useFakeTimers({ now: Date.now() + 25 * 3_600_000, toFake: ['Date'] })
    try {
      expect(removeStrays(known.database, store.path, { dryRun: false })).toHaveLength(1)
    } finally {
      vi.useRealTimers()
    }
    expect(existsSync(view?.folder ?? '')).toBe(false)
  })
})
