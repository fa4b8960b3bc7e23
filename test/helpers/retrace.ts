/**
 * The worker's steps on cores whose files are in a folder: what the package index would have resolved, without one.
 */
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Core, readCore } from '../../src/elf/core.ts'
import { readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { type ElfFile, readElfFile } from '../../src/elf/file.ts'
import { fileSource } from '../../src/elf/source.ts'
import type { Sandbox } from '../../src/process/wall.ts'
import { installationRoot } from '../../src/program/program.ts'
import { GdbAhead } from '../../workers/retrace/ahead.ts'
import { assemble } from '../../workers/retrace/assemble.ts'
import { debugCore, type Debugged } from '../../workers/retrace/debug.ts'
import { type Companions, companionsOf } from '../../workers/retrace/companions.ts'
import { Deadline } from '../../workers/retrace/time/deadline.ts'
import type { PlainFrame } from '../../workers/retrace/gdb/answers.ts'
import { coreWithoutValues } from '../../workers/retrace/gdb/kept_back.ts'
import type { Engine } from '../../workers/retrace/gdb/engine.ts'
import { engines } from '../../workers/retrace/gdb/engines.ts'
import type { LeftOut } from '../../workers/retrace/gdb/thread_record.ts'
import { Session } from '../../workers/retrace/gdb/session.ts'
import type { BacktraceJson } from './backtrace_json.ts'
import { temporaryFolder } from './folder.ts'
import { withoutDebuginfo } from '../../workers/retrace/leave_out.ts'
import { makeReport, type Report } from '../../workers/retrace/report.ts'
import { type Matching, matching, matchingByPath } from '../../workers/retrace/resolve/mismatch.ts'
import type { KeptFile, ResolvedModule } from '../../workers/retrace/resolve/resolve.ts'
import { Sparing } from '../../workers/retrace/spare.ts'
import { sitesWithoutTables } from '../../workers/retrace/unwinding.ts'
import type { CgroupHome } from '../../workers/retrace/sandbox/cgroup.ts'
import { launch } from '../../workers/retrace/sandbox/launch.ts'
import { gdbArguments } from '../../workers/retrace/gdb/arguments.ts'
import { debuggerSandbox, INSIDE } from '../../workers/retrace/sandbox/arguments.ts'

export type { BacktraceJson } from './backtrace_json.ts'

const DEBUG = '/usr/lib/debug'

/** Where ops/setup and ops/engine put engines on this machine, whatever the environment of the tests says. */
export const ENGINE_DIR = readConfig(PROGRAMS, {}).engineDir

/** A folder without engines. */
const NO_ENGINES = '/nonexistent'

export const WORKER_ROOT = join(installationRoot(), 'workers', 'retrace', 'root')

/**
 * Modules whose files lie in `root` at the paths that the core names, with debuginfo below its /usr/lib/debug or, where
 * `hostDebug` is set, that of this machine; `without` tells which are to be missing.
 */
export function modulesIn(
  core: Core,
  root: string,
  { without = () => false, hostDebug = false }: Pick<RetraceOptions, 'without' | 'hostDebug'> = {},
): ResolvedModule[] {
  const folders = [`${root}${DEBUG}`, ...(hostDebug ? [DEBUG] : [])]
  const byBuildId = core.files.length > 0 ? new Map<string, string>() : buildIdsIn(root)
  return core.modules.map((module) => {
    const names = [module.path, module.linkName ?? '', module.path.replace(/^\/usr\/lib/, '/lib')]
    const path = names.find((name) => name.startsWith('/') && existsSync(root + name)) ??
      byBuildId.get(module.buildId ?? '')
    const file = path === undefined || without(module.path) ? undefined : matchingByPath(module, keptFile(root, path))
    const debug = file === undefined || readElf(file.path).hasDebugInfo ? file : debugFile(folders, file.buildId)
    const dwzId = debug && readElf(debug.path).debugAltLink?.buildId
    const dwz = debugFile(folders, dwzId)
    return {
      module,
      status: module.kind === 'vdso'
        ? 'not-applicable'
        : file === undefined
        ? 'missing'
        : module.buildId === undefined
        ? 'by-path'
        : debug !== undefined
        ? 'exact'
        : 'no-debuginfo',
      package: undefined,
      debugPackage: undefined,
      binary: file,
      debug,
      dwz: dwz === undefined ? [] : [dwz],
      ...(dwzId === undefined || dwz !== undefined ? {} : { missingDwz: dwzId }),
      tried: [],
    }
  })
}

/** Paths of the files below a folder, without debuginfo, by build-id: for cores that name no files. */
function buildIdsIn(root: string): Map<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => `/${name}`)
  const files = paths.filter((path) => !path.includes('.debug') && lstatSync(root + path).isFile())
  return new Map(files.flatMap((path) => {
    const isElf = readFileSync(root + path).subarray(0, 4).toString('latin1') === '\x7fELF'
    const buildId = isElf ? readElf(root + path).buildId : undefined
    return buildId === undefined ? [] : [[buildId, path] as const]
  }))
}

function keptFile(root: string, path: string): KeptFile {
  return { path: root + path, buildId: readElf(root + path).buildId, packageDir: root }
}

function debugFile(folders: string[], buildId: string | undefined): Matching<KeptFile> | undefined {
  if (buildId === undefined) return undefined
  const name = `/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  const folder = folders.find((each) => existsSync(each + name))
  if (folder === undefined) return undefined
  return matching(buildId, { path: folder + name, buildId: readElf(folder + name).buildId, packageDir: folder })
}

function readElf(path: string): ElfFile {
  using source = fileSource(path)
  return readElfFile(source)
}

export interface Retraced {
  core: Core
  modules: ResolvedModule[]
  debugged: Debugged
  report: Report
  /** The file `backtrace`; empty when there is none. */
  text: string
  /** The file `backtrace.json`; an empty object when there is none. */
  json: BacktraceJson
}

export interface RetraceOptions {
  /** Takes debuginfo that this machine has installed. */
  hostDebug?: boolean
  without?: (path: string) => boolean
  memoryMb?: number
  seconds?: number
  maxBacktraceKb?: number
  /** The symbols of all modules are read, whatever the stacks point into. */
  spareNothing?: boolean
  /** How many twins of gdb work beside it; by default one. */
  twins?: number
  /** No gdb is started before it is known which files it needs. */
  isLate?: boolean
  /** By default this machine's own gdb alone. */
  engines?: Engine[]
  companions?: Partial<Companions>
  /** In place of those whose files lie in the root. */
  modules?: ResolvedModule[]
  /** By default memory is watched through /proc. */
  cgroups?: CgroupHome | undefined
  /** Hears which engine answered. */
  say?: (line: string) => void
  /** Hears the crashed thread's frames before anything else. */
  onCrashed?: (frames: readonly PlainFrame[]) => void
}

/** The headers of a core. */
export function readCoreAt(path: string): Core {
  using source = fileSource(path)
  return readCore(source)
}

/** Assembles, debugs and reports, as the worker does. */
export async function retraceIn(corePath: string, root: string, options: RetraceOptions = {}): Promise<Retraced> {
  using source = fileSource(corePath)
  const core = coreWithoutValues(readCore(source))
  const modules = options.modules === undefined ? modulesIn(core, root, options) : core.modules.flatMap((module) => {
    const found = options.modules?.find((each) => each.module.start === module.start)
    return found === undefined ? [] : [{ ...found, module }]
  })
  const companions = { ...companionsOf(core, modules), ...options.companions }
  const sparing = new Sparing(core, corePath, options.spareNothing === true ? [] : modules)
  const seconds = options.seconds ?? 60
  const config = {
    taskMemoryMb: options.memoryMb ?? 4096,
    taskTimeoutS: seconds,
    maxBacktraceKb: options.maxBacktraceKb ?? 16_384,
  }
  const known = options.engines ?? engines(NO_ENGINES)
  const { architecture } = core
  const first = known.find(({ serves }) => architecture !== undefined && serves(architecture))
  await using folder = await temporaryFolder()
  const place = {
    config: { ...config, repoDir: folder.path },
    root: WORKER_ROOT,
    cgroups: options.cgroups,
    onUnused: () => undefined,
  }
  await using ahead = options.isLate === true ? undefined : await GdbAhead.start(first, corePath, place)
  const assembleWithout = (leftOut: LeftOut) =>
    assemble(core, withoutDebuginfo(modules, leftOut, folder.file('copies')), { corePath, companions })
  const assembly = ahead === undefined
    ? assembleWithout(new Set())
    : assemble(core, modules, { corePath, companions, store: ahead.names })
  if (ahead !== undefined) ahead.assembly = assembly
  const deadline = new Deadline(seconds * 1000)
  const debugged = await debugCore(core, assembleWithout, {
    config,
    ahead,
    deadline,
    engines: known,
    root: WORKER_ROOT,
    signal: new AbortController().signal,
    cgroups: options.cgroups,
    sparing,
    processorsToSpare: () => options.twins ?? 1,
    say: options.say ?? (() => undefined),
    onCrashed: options.onCrashed ?? (() => undefined),
  })
  // The core is another gdb's next.
  await debugged.closed
  const report = makeReport({
    core,
    hints: { release: undefined, packages: [] },
    modules,
    release: 'debian-12-amd64',
    owner: undefined,
    component: 'component',
    packages: undefined,
    regions: assembly.regions,
    debugged,
    untold: sitesWithoutTables(core, modules, debugged.conversation?.threads ?? []),
    ranOutOfTime: deadline.isOver ? 'debug' : undefined,
    step: 'debug',
    reason: undefined,
  }, { read: 0, resolve: 0, fetch: 0, assemble: 0, debug: 0, report: 0, total: 0 })
  const file = (name: string) => report.files.find(([each]) => each === name)?.[1]
  return {
    core,
    modules,
    debugged,
    report,
    text: file('backtrace') ?? '',
    get json() {
      return JSON.parse(file('backtrace.json') ?? '{}') as BacktraceJson
    },
  }
}

/** The sandbox of this machine's own gdb, without a core. */
export function emptySandbox(): Sandbox {
  const engine = engines(NO_ENGINES)[0]
  if (engine === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
  const binds = [{ from: `${WORKER_ROOT}/etc`, at: '/etc' }, { from: `${WORKER_ROOT}/scripts`, at: INSIDE.scripts }]
  const plan = { debugger: engine.sees, binds, links: [] }
  const words = [...engine.command, ...gdbArguments({ threadLibrary: undefined })] as const
  return debuggerSandbox(plan, { memoryMb: 4096, seconds: 60 }, words)
}

/** A gdb in the sandbox, without a core. */
export async function emptySession(limits: { memoryMb?: number } = {}): Promise<Session> {
  return new Session(await launch(emptySandbox()), {
    memoryMb: limits.memoryMb ?? 4096,
    lineBytes: 1 << 20,
    messageBytes: 1 << 20,
    totalBytes: 1 << 22,
  })
}

const PRINTERS = '/usr/share/gcc/python/libstdcxx'

/**
 * Copies the files that a core of this machine names into `folder`, as an index of packages would give them; with those
 * of libc6 and libstdc++6 that gdb loads.
 */
export function copyModules(corePath: string, folder: string): void {
  using source = fileSource(corePath)
  for (const { path } of readCore(source).modules) {
    if (!existsSync(path)) continue
    mkdirSync(dirname(folder + path), { recursive: true })
    cpSync(path, folder + path, { dereference: true })
    const threadLibrary = join(dirname(path), 'libthread_db.so.1')
    if (/\/libc\.so/.test(path)) cpSync(threadLibrary, folder + threadLibrary, { dereference: true })
    if (/\/libstdc\+\+\.so/.test(path)) cpSync(PRINTERS, folder + PRINTERS, { recursive: true })
  }
}

/** A core's bytes with another e_machine. */
export function patchedCore(corePath: string, { machine }: { machine: number }): Uint8Array {
  const bytes = readFileSync(corePath)
  bytes.writeUInt16LE(machine, 18)
  return bytes
}

/** Lines of the frames of the fixtures' program by LWP: the frame without its number, its locals. */
export function programFrames(text: string): Record<string, string[][]> {
  const threads: Record<string, string[][]> = {}
  let frames: string[][] | undefined
  for (const line of text.split('\n')) {
    const lwp = /^Thread \d+ .*\(LWP (\d+)\)/.exec(line)?.[1]
    if (lwp !== undefined) threads[lwp] = frames = []
    else if (line === '' || line.startsWith('From')) frames = undefined
    else if (line.startsWith('#')) frames?.push([line.replace(/^#\d+ +/, '')])
    else if (line.startsWith('   ')) frames?.at(-1)?.push(line)
  }
  for (const [lwp, all] of Object.entries(threads)) threads[lwp] = all.filter(([head]) => head?.includes('crash.c:'))
  return threads
}
