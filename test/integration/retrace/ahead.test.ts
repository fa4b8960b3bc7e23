/** A gdb that was started before it was known what it is to see: it sees that and nothing else, says the same, and leaves nothing. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { indexPath } from '../../../src/packages/keep/debug_index.ts'
import { processTree } from '../../../src/process/memory.ts'
import { removeStrays } from '../../../src/packages/keep/strays.ts'
import { KeptView } from '../../../src/packages/keep/view.ts'
import { GdbAhead, type NotAsked } from '../../../workers/retrace/ahead.ts'
import { assemble } from '../../../workers/retrace/assemble.ts'
import { companionsOf } from '../../../workers/retrace/companions.ts'
import { indexArguments } from '../../../workers/retrace/gdb/arguments.ts'
import { type Engine, hostEngine } from '../../../workers/retrace/gdb/engine.ts'
import { startedLate } from '../../../workers/retrace/late_start.ts'
import type { StartedGdb } from '../../../workers/retrace/run_gdb.ts'
import { findCgroups, usableCgroups } from '../../../workers/retrace/sandbox/cgroup.ts'
import { brokenGdb, IS_STUCK } from '../../helpers/broken_gdb.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'
import { makeElf } from '../../helpers/made_elf.ts'
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

/** Why the last one was of no use. */
let unused: NotAsked[] = []
const onUnused = (why: NotAsked) => void unused.push(why)
beforeEach(() => {
  unused = []
})

const configOf = (repoDir: string) => ({ taskMemoryMb: 4096, taskTimeoutS: 60, maxBacktraceKb: 16_384, repoDir })

/** One for the fixture, with its view in a store of its own. */
async function started(repoDir: string, engine: Engine): Promise<GdbAhead> {
  const config = configOf(repoDir)
  const ahead = await GdbAhead.start(engine, corePath, { config, root: WORKER_ROOT, cgroups: undefined, onUnused })
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
    const taken = await ahead.take(engine, { limitMs: LIMIT_MS })
    if (taken === undefined) throw new Error('Expected that it fits')
    const files = await python(taken, 'sorted(f for _, _, fs in os.walk("/store") for f in fs)')
    expect(files).toMatch(/'crash'.*'libc\.so\.6'/)
    expect(files).not.toContain('secret')
    expect(await python(taken, 'os.path.realpath("/sysroot/usr/bin/crash")')).toBe('/store/0/crash')
    const isWhole = 'all(os.path.isfile(os.path.join(d, f)) for d, _, fs in os.walk("/sysroot/usr") for f in fs)'
    expect(await python(taken, isWhole)).toBe('True')
    expect(await python(taken, 'os.path.exists("/sysroot/lib/x86_64-linux-gnu/libc.so.6")')).toBe('True')
    expect(await ahead.take(engine, { limitMs: LIMIT_MS })).toBeUndefined()
    expect(views(store.path)).toHaveLength(1)
    await taken.close()
    expect(views(store.path)).toEqual([])
  })

  it('is no other debugger, and none for a file that cannot be shown: both leave nothing', async () => {
    await using store = await temporaryFolder()
    const other = await started(store.path, host())
    expect(await other.take(host(), { limitMs: LIMIT_MS })).toBeUndefined()
    const engine = host()
    const lacking = await started(store.path, engine)
    lacking.names.file({ path: folder.file('gone') })
    expect(await lacking.take(engine, { limitMs: LIMIT_MS })).toBeUndefined()
    expect(unused).toEqual([{ kind: 'other-engine' }, { kind: 'refused', code: 'ENOENT' }])
    const spare = await started(store.path, engine)
    await spare[Symbol.asyncDispose]()
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
    const taken = await ahead.take(engine, { limitMs: LIMIT_MS })
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
    expect(await ahead.take(engine, { limitMs: LIMIT_MS })).toBeUndefined()
    expect(unused).toEqual([{ kind: 'replaced' }])
  })

  it('is given the index of one file, and makes none of another, however large', async () => {
    await using store = await temporaryFolder()
    const engine = { ...host(), indexKey: 'gdb-1' }
    await using ahead = await started(store.path, engine)
    const variables = (name: string) => Array.from({ length: 300 }, (_, at) => `int ${name}_${at}_${'x'.repeat(900)};`)
    const [one, other] = ['one', 'other'].map((name) =>
      makeElf(store.path, name, { source: [...variables(name), `int ${name}_7(int x) { return x; }`].join('\n') })
    )
    if (ahead.assembly === undefined || one === undefined || other === undefined) throw new Error('Expected both')
    for (const { unstripped } of [one, other]) expect(statSync(unstripped).size).toBeGreaterThan(256 * 1024)
    const packageDir = store.file('package')
    const path = packageDir + indexPath(engine.indexKey, one.buildId)
    mkdirSync(dirname(path), { recursive: true })
    execFileSync('gdb-multiarch', indexArguments(one.unstripped, store.path))
    copyFileSync(`${one.unstripped}.gdb-index`, path)
    chmodSync(path, 0o644)
    const places = [one, other].map(({ unstripped }) => ahead.names.file({ path: unstripped }))
    const debugFiles = [one, other].map(({ buildId }) => ({ buildId, packageDir, packageInside: packageDir }))
    ahead.assembly = { ...ahead.assembly, debugFiles }
    const taken = await ahead.take(engine, { limitMs: LIMIT_MS })
    if (taken === undefined) throw new Error('Expected that it fits')
    const lookedUp = places.map((place, at) =>
      `gdb.execute("symbol-file ${place}", False, True), ${`gdb.lookup_global_symbol("${
        at === 0 ? 'one' : 'other'
      }_7").name`}`
    )
    expect(await python(taken, `[${lookedUp.join(', ')}][1::2]`)).toBe("['one_7', 'other_7']")
    const stats = await python(taken, 'gdb.execute("show index-cache stats", False, True)')
    expect(stats).toMatch(/Cache hits \(this session\): 1\n.*misses \(this session\): 1/s)
    expect(await python(taken, 'os.listdir("/store/index")')).toBe(`['${one.buildId}.gdb-index']`)
    expect(taken.session.warnings).toEqual([])
    await taken.close()
  })

  it('is not asked where a name leads to a file that it does not see, or gdb takes no names', async () => {
    await using store = await temporaryFolder()
    const engine = host()
    const ahead = await started(store.path, engine)
    const lost = { path: '/sysroot/usr/lib/lost.so', target: '/store/0/lost.so' }
    if (ahead.assembly !== undefined) ahead.assembly = { ...ahead.assembly, links: [...ahead.assembly.links, lost] }
    expect(await ahead.take(engine, { limitMs: LIMIT_MS })).toBeUndefined()
    const failed = { kind: 'failed', at: 'names', answer: 'error' } as const
    expect(unused).toEqual([failed])
    expect(startedLate(failed)).toContain('it did not take the names of files (error)')
    expect(views(store.path)).toEqual([])
  })

  it('leaves nothing where it could not be started, or not to its end', async () => {
    await using store = await temporaryFolder()
    const limits = { memoryMb: 64, processes: 8 }
    const cgroups = usableCgroups(limits)
    const config = configOf(store.path)
    // More than the wall takes: it says so before anything runs.
    const binds = Array.from({ length: 3_000 }, () => ({ from: '/usr/bin/true', at: '/usr/bin/true' }))
    const engine = { ...host(), sees: { binds, links: [] } }
    const place = { config, root: WORKER_ROOT, cgroups, onUnused }
    expect(await GdbAhead.start(engine, corePath, place)).toBeUndefined()
    expect(unused).toEqual([{ kind: 'unstarted' }])
    expect(views(store.path)).toEqual([])
    const own = (name: string) => name.startsWith(`abrt-retrace-${process.pid}-`)
    expect(findCgroups()?.folders.flatMap((each) => readdirSync(each).filter(own)) ?? []).toEqual([])
    const nowhere = { ...host(), command: ['/nowhere/gdb'] as const }
    const ended = await started(store.path, nowhere)
    expect(await ended.take(nowhere, { limitMs: LIMIT_MS })).toBeUndefined()
    expect(unused.at(-1)).toEqual({ kind: 'failed', at: 'names', answer: 'ended' })
    expect(views(store.path)).toEqual([])
  })

  it('that hangs goes with the task that is stopped', async () => {
    await using store = await temporaryFolder()
    const engine = brokenGdb(`def answer_names(links):\n    ${IS_STUCK}\n`)
    const ahead = await started(store.path, engine)
    const stopping = new AbortController()
    setTimeout(() => stopping.abort(), 300)
    expect(await ahead.take(engine, { limitMs: 3_600_000, signal: stopping.signal })).toBeUndefined()
    expect(unused).toEqual([{ kind: 'stopped' }])
    expect(views(store.path)).toEqual([])
  })

  it('has no view any more where it could not be ended', async () => {
    await using store = await temporaryFolder()
    const engine = host()
    const ahead = await started(store.path, engine)
    const ready = await ahead.take(engine, { limitMs: LIMIT_MS })
    if (ready === undefined) throw new Error('Expected that it fits')
    const close = ready.session.close.bind(ready.session)
    ready.session.close = () => Promise.reject(new Error('It does not end'))
    await expect(ready.close()).rejects.toThrow('It does not end')
    expect(views(store.path)).toEqual([])
    await close()
  })

  it('keeps few threads, however many processors there are, so that openers of packages can start theirs', async () => {
    await using store = await temporaryFolder()
    // What glibc tells gdb of the processors.
    writeFileSync(store.file('many.c'), 'int get_nprocs(void) { return 220; }')
    execFileSync('gcc', ['-shared', '-fPIC', '-o', store.file('many.so'), store.file('many.c')])
    chmodSync(store.file('many.so'), 0o644)
    const engine = host()
    const many = {
      ...engine,
      command: ['/usr/bin/sh', '-c', `LD_PRELOAD=/many.so exec ${engine.command[0]} "$@"`, 'sh'] as const,
      sees: {
        ...engine.sees,
        binds: [...engine.sees.binds, { from: '/usr/bin/dash', at: '/usr/bin/sh' }, {
          from: store.file('many.so'),
          at: '/many.so',
        }],
      },
    }
    await using ahead = await started(store.path, many)
    const taken = await ahead.take(many, { limitMs: LIMIT_MS })
    if (taken === undefined) throw new Error('Expected that it fits')
    expect(await python(taken, 'gdb.parameter("print elements")')).toBe('200')
    const threads = () => {
      const all = processTree(taken.session.pid ?? 0)
      return all.reduce((sum, each) => sum + readdirSync(`/proc/${each}/task`).length, 0)
    }
    await vi.waitFor(() => expect(threads()).toBeLessThanOrEqual(20), { timeout: 10_000 })
    await taken.close()
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

/** Throws where there is none. */
function viewIn(repoDir: string): KeptView {
  const view = KeptView.make(repoDir)
  if (!(view instanceof KeptView)) throw new Error(`Expected one, got ${view.kind}`)
  return view
}

describe('KeptView', () => {
  it('shows plain files alone, those of folders, too, and is not made where there is no store', async () => {
    await using store = await temporaryFolder()
    expect(KeptView.make(store.file('nowhere'))).toEqual({ kind: 'no-store' })
    using view = viewIn(store.path)
    mkdirSync(store.file('python', 'v6'), { recursive: true })
    writeFileSync(store.file('python', 'v6', 'printers.py'), '')
    symlinkSync('/etc/passwd', store.file('python', 'link'))
    symlinkSync('/etc/passwd', store.file('link'))
    expect(view.show([], [{ from: store.file('python'), at: '/folder' }])).toBeUndefined()
    expect(readdirSync(`${view.folder}/folder`, { recursive: true }).sort()).toEqual(['v6', 'v6/printers.py'])
    expect(view.show([{ from: store.file('link'), at: '/0/passwd' }], [])).toEqual({ kind: 'unusual' })
    expect(existsSync(`${view.folder}/0/passwd`)).toBe(false)
  })

  it.skipIf(statSync('/dev/shm').dev === statSync(tmpdir()).dev)(
    'is not made where the files of the store cannot be linked, so that no gdb starts in vain',
    async () => {
      await using store = await temporaryFolder()
      await using shm = await temporaryFolder('/dev/shm')
      mkdirSync(store.file('.fetch'))
      mkdirSync(store.file('lost+found'))
      symlinkSync(store.file('.fetch'), shm.file('.fetch'))
      viewIn(shm.path)[Symbol.dispose]()
      mkdirSync(shm.file('debian-12-amd64', 'one_1_amd64', 'usr', 'bin'), { recursive: true })
      writeFileSync(shm.file('debian-12-amd64', 'one_1_amd64', 'usr', 'bin', 'one'), '')
      const place = { config: configOf(shm.path), root: WORKER_ROOT, cgroups: undefined, onUnused }
      expect(await GdbAhead.start(host(), corePath, place)).toBeUndefined()
      expect(unused).toEqual([{ kind: 'refused', code: 'EXDEV' }])
      expect(startedLate({ kind: 'refused', code: 'EXDEV' })).toContain('(EXDEV): RETRACE_REPO_DIR has to be one')
      expect(views(shm.path)).toEqual([])
    },
  )

  it('of a killed worker is a stray at once, and goes with the next task; that of another host after eight days', async () => {
    await using known = await temporaryDatabase()
    await using store = await temporaryFolder()
    using view = viewIn(store.path)
    const [host = '', pid] = view.folder.slice(view.folder.lastIndexOf('/') + 1).split('-')
    const [killed, elsewhere] = [`${host}-${pid}-1-1.view`, `01234567-1-1-1.view`]
    const make = (name: string) => mkdirSync(store.file('.fetch', name, '0'), { recursive: true })
    const strays = () => removeStrays(known.database, store.path, { dryRun: false })
    make(killed)
    make(elsewhere)
    expect(strays()).toEqual([join('.fetch', killed)])
    make(killed)
    using other = viewIn(store.path)
    expect(new Set(views(store.path))).toEqual(
      new Set([elsewhere, ...[view, other].map(({ folder: each }) => each.slice(each.lastIndexOf('/') + 1))]),
    )
    vi.useFakeTimers({ now: Date.now() + 8.1 * 24 * 3_600_000, toFake: ['Date'] })
    try {
      expect(strays()).toEqual([join('.fetch', elsewhere)])
    } finally {
      vi.useRealTimers()
    }
    expect(existsSync(view.folder)).toBe(true)
  })
})
