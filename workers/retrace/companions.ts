/**
 * What gdb may load besides the files of the modules: the thread library of the target's glibc, compiled for the
 * debugger's architecture, and the pretty printers of the target's libstdc++. Both are code, so they come from kept
 * packages only, whose signatures were checked, and run inside the sandbox. Those of another version, or of the
 * debugger itself, are never used.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../src/database/database.ts'
import { type Architecture, architectureNamed, architectureRow } from '../../src/elf/architecture.ts'
import type { Core } from '../../src/elf/core.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { PackageIdentity } from '../../src/packages/format/naming.ts'
import { PackageIndex, packageLabel } from '../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../src/packages/index/use.ts'
import type { Deadline } from './time/deadline.ts'
import { hostArchitecture } from './gdb/engine.ts'
import type { Journal } from './journal.ts'
import { Fetcher, type FetcherContext } from './resolve/fetcher.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/** A folder of a kept package. */
export interface KeptFolder {
  readonly path: string
  readonly packageDir: string
}

export interface Companions {
  /** Folders that hold libthread_db.so.1, by the architecture of the debuggers that can load it. */
  readonly threadLibraries: ReadonlyMap<Architecture, KeptFolder>
  /** The folder that holds Python's package libstdcxx. */
  readonly printers: KeptFolder | undefined
}

export const NO_COMPANIONS: Companions = { threadLibraries: new Map(), printers: undefined }

export interface CompanionContext {
  readonly config: FetcherContext['config']
  readonly database: Database
  readonly uses: PackageUses
  /** In place of those of this installation. */
  readonly formats?: readonly PackageFormat[]
  readonly deadline: Deadline
  readonly signal: AbortSignal
  readonly said: Journal
}

const C_LIBRARY = /\/libc(-\d[\d.]*)?\.so(\.6)?$/
const CXX_LIBRARY = /\/libstdc\+\+\.so\.6[^/]*$/
const THREAD_LIBRARY = 'libthread_db.so.1'
const MAX_FOLDERS = 100
/** Of the time left: thread-local variables are worth a download, but not the backtrace. */
const FETCH_SHARE = 0.1

/** What the packages of the modules themselves hold. */
export function companionsOf({ architecture: target }: Core, modules: readonly ResolvedModule[]): Companions {
  const libc = moduleNamed(modules, C_LIBRARY)?.binary
  const cxx = moduleNamed(modules, CXX_LIBRARY)?.binary
  const threads = libc === undefined || target === undefined ? undefined : threadLibraryIn(libc.packageDir, target)
  return {
    threadLibraries: new Map(threads === undefined || target === undefined ? [] : [[target, threads]]),
    printers: cxx && printersIn(cxx.packageDir),
  }
}

/**
 * The same, and for a core of another architecture than this machine's the thread library for debuggers of this one:
 * from the same package and version, which is fetched when it is known, within a small part of the time left.
 */
export async function findCompanions(
  core: Core,
  modules: readonly ResolvedModule[],
  context: CompanionContext,
): Promise<Companions> {
  const found = companionsOf(core, modules)
  const host = hostArchitecture()
  const library = moduleNamed(modules, C_LIBRARY)?.owner
  if (host === undefined || host === core.architecture || library === undefined) return found
  const other = await sameVersionFor(host, library, context)
  return other === undefined ? found : { ...found, threadLibraries: new Map([...found.threadLibraries, [host, other]]) }
}

function moduleNamed(modules: readonly ResolvedModule[], pattern: RegExp): ResolvedModule | undefined {
  return modules.find(({ module, binary }) => binary !== undefined && pattern.test(module.path))
}

/** The thread library of the same package and version for another architecture, when an index knows that. */
async function sameVersionFor(
  architecture: Architecture,
  { name, version }: PackageIdentity,
  { config, database, uses, formats, deadline, signal, said }: CompanionContext,
): Promise<KeptFolder | undefined> {
  const index = new PackageIndex(database, formats)
  const fetcher = new Fetcher({
    config,
    database,
    uses,
    ...(formats === undefined ? {} : { formats }),
    say: said.say,
    signal: AbortSignal.any([signal, deadline.signal(FETCH_SHARE)]),
  }, index)
  const rows = index.exactly(name, version).filter((each) => architectureNamed(each.architecture) === architecture)
  for (const row of rows) {
    if (await fetcher.fetch(row) !== undefined) continue
    const found = threadLibraryIn(join(config.repoDir, row.release, row.folder ?? packageLabel(row)), architecture)
    if (found !== undefined) return found
  }
  return undefined
}

/** Where Debian and Fedora have it. */
function threadLibraryIn(packageDir: string, architecture: Architecture): KeptFolder | undefined {
  const { triplet } = architectureRow(architecture)
  const places = [`lib/${triplet}`, `usr/lib/${triplet}`, 'lib64', 'usr/lib64', 'lib', 'usr/lib']
  const path = places.map((place) => join(packageDir, place)).find((each) => existsSync(join(each, THREAD_LIBRARY)))
  return path === undefined ? undefined : { path, packageDir }
}

/** `usr/share/gcc/python` in Debian, `usr/share/gcc-14/python` in Fedora. */
function printersIn(packageDir: string): KeptFolder | undefined {
  const share = join(packageDir, 'usr', 'share')
  if (!existsSync(share)) return undefined
  const path = readdirSync(share).filter((name) => /^gcc(-[\w.]+)?$/.test(name)).slice(0, MAX_FOLDERS)
    .map((name) => join(share, name, 'python'))
    .find((each) => lstatSync(join(each, 'libstdcxx/v6/printers.py'), { throwIfNoEntry: false })?.isFile())
  return path === undefined ? undefined : { path, packageDir }
}
