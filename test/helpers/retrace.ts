/**
 * The worker's steps on cores whose files are in a folder: what the package index would have resolved, without one.
 */
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Core, readCore } from '../../src/elf/core.ts'
import { type ElfFile, readElfFile } from '../../src/elf/file.ts'
import { fileSource } from '../../src/elf/source.ts'
import { installationRoot } from '../../src/program.ts'
import { assemble } from '../../workers/retrace/assemble.ts'
import { debugCore, type Debugged } from '../../workers/retrace/debug.ts'
import { Deadline } from '../../workers/retrace/deadline.ts'
import { engines } from '../../workers/retrace/gdb/engine.ts'
import { Session } from '../../workers/retrace/gdb/session.ts'
import { makeReport, type Report } from '../../workers/retrace/report.ts'
import type { KeptFile, ResolvedModule } from '../../workers/retrace/resolve.ts'
import { launch } from '../../workers/retrace/sandbox/launch.ts'
import { GDB_ARGUMENTS } from '../../workers/retrace/gdb/conversation.ts'
import { INSIDE } from '../../workers/retrace/sandbox/arguments.ts'

const DEBUG = '/usr/lib/debug'

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
  return core.modules.map((module) => {
    const names = [module.path, module.linkName ?? '', module.path.replace(/^\/usr\/lib/, '/lib')]
    const path = names.find((name) => name.startsWith('/') && existsSync(root + name))
    const file = path === undefined || without(module.path) ? undefined : keptFile(root, path)
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

function keptFile(root: string, path: string): KeptFile {
  return { path: root + path, buildId: readElf(root + path).buildId, packageDir: root }
}

function debugFile(folders: string[], buildId: string | undefined): KeptFile | undefined {
  if (buildId === undefined) return undefined
  const name = `/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  const folder = folders.find((each) => existsSync(each + name))
  return folder === undefined ? undefined : { path: folder + name, buildId, packageDir: folder }
}

function readElf(path: string): ElfFile {
  using source = fileSource(path)
  return readElfFile(source)
}

/** What tests look at (schema/backtrace.schema.json has all). */
export interface BacktraceJson {
  thread_count: number
  threads: {
    frames: {
      kind: string
      address: string
      function: string | null
      arguments: { name: string; value: string }[]
      locals: { name: string; value: string }[]
      module: number | null
      trust: string
    }[]
    more_frames: boolean
    stack_missing: boolean
  }[]
  signal: Record<string, unknown>
  registers: Record<string, string>
  instructions: string[]
  messages: { abort: string | null; assertion: string | null }
  limits: string[]
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
}

/** Assembles, debugs and reports, as the worker does. */
export async function retraceIn(corePath: string, root: string, options: RetraceOptions = {}): Promise<Retraced> {
  using source = fileSource(corePath)
  const core = readCore(source)
  const modules = modulesIn(core, root, options)
  const assembly = assemble(core, modules, corePath)
  const seconds = options.seconds ?? 60
  const deadline = new Deadline(seconds * 1000)
  const debugged = await debugCore(core, assembly, {
    config: {
      taskMemoryMb: options.memoryMb ?? 4096,
      taskTimeoutS: seconds,
      maxBacktraceKb: options.maxBacktraceKb ?? 16_384,
    },
    deadline,
    engines: engines(),
    root: WORKER_ROOT,
    signal: new AbortController().signal,
  })
  const report = makeReport({
    core,
    hints: { release: undefined, packages: [] },
    modules,
    release: 'debian-12-amd64',
    owner: undefined,
    regions: assembly.regions,
    debugged,
    ranOutOfTime: deadline.isOver ? 'debug' : undefined,
    step: 'debug',
    outcome: undefined,
  }, { read: 0, resolve: 0, fetch: 0, assemble: 0, debug: 0, report: 0, total: 0 })
  const file = (name: string) => report.files.find(([each]) => each === name)?.[1]
  return {
    core,
    modules,
    debugged,
    report,
    text: file('backtrace') ?? '',
    json: JSON.parse(file('backtrace.json') ?? '{}') as BacktraceJson,
  }
}

/** A gdb in the sandbox, without a core. */
export function emptySession(limits: { memoryMb?: number } = {}): Session {
  const engine = engines()[0]
  if (engine === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
  const binds = [{ from: `${WORKER_ROOT}/etc`, at: '/etc' }, { from: `${WORKER_ROOT}/scripts`, at: INSIDE.scripts }]
  const plan = { debugger: engine.sees, binds, links: [] }
  const process = launch(plan, { memoryMb: 4096, seconds: 60 }, [...engine.command, ...GDB_ARGUMENTS])
  return new Session(process, {
    memoryMb: limits.memoryMb ?? 4096,
    lineBytes: 1 << 20,
    messageBytes: 1 << 20,
    totalBytes: 1 << 22,
  })
}

/** Copies the files that a core of this machine names into `folder`, as an index of packages would give them. */
export function copyModules(corePath: string, folder: string): void {
  using source = fileSource(corePath)
  for (const { path } of readCore(source).modules) {
    if (!existsSync(path)) continue
    mkdirSync(dirname(folder + path), { recursive: true })
    cpSync(path, folder + path, { dereference: true })
  }
}

/** A core's bytes with another e_machine. */
export function patchedCore(corePath: string, { machine }: { machine: number }): Uint8Array {
  const bytes = readFileSync(corePath)
  bytes.writeUInt16LE(machine, 18)
  return bytes
}
