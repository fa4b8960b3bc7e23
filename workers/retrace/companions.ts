/**
 * What gdb may load besides the files of the modules: the thread library of the target's glibc, compiled for the
 * debugger's architecture, and pretty printers (printers.ts). Both are code, so they come from kept
 * packages only, whose signatures were checked, and run inside the sandbox. Those of another version, or of the
 * debugger itself, are never used.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { type PrinterName, PRINTERS } from '../../src/config/kinds.ts'
import type { Database } from '../../src/database/database.ts'
import { type Architecture, architectureNamed, architectureRow } from '../../src/elf/architecture.ts'
import type { Core } from '../../src/elf/core.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { PackageIdentity } from '../../src/packages/format/naming.ts'
import { PackageIndex, packageLabel } from '../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../src/packages/index/use.ts'
import type { Deadline } from './time/deadline.ts'
import { isCLibrary } from './c_library.ts'
import { hostArchitecture } from './gdb/engine.ts'
import type { Journal } from './journal.ts'
import { Fetcher, type FetcherContext } from './resolve/fetcher.ts'
import { fetchedPrinters, type PrinterFolder, printersIn } from './printers.ts'
import type { ResolvedModule } from './resolve/resolve.ts'
import { usefulPrinters } from './useful_printers.ts'

/** A folder of a kept package. */
export interface KeptFolder {
  readonly path: string
  readonly packageDir: string
}

export interface Companions {
  /** Folders that hold libthread_db.so.1, by the architecture of the debuggers that can load it. */
  readonly threadLibraries: ReadonlyMap<Architecture, KeptFolder>
  readonly printers: readonly PrinterFolder[]
}

export const NO_COMPANIONS: Companions = { threadLibraries: new Map(), printers: [] }

export interface CompanionContext {
  readonly config: FetcherContext['config'] & Pick<Config, 'printers'>
  readonly database: Database
  readonly uses: PackageUses
  /** In place of those of this installation. */
  readonly formats?: readonly PackageFormat[]
  /** Of the core, with architecture. */
  readonly release: string | undefined
  readonly deadline: Deadline
  readonly signal: AbortSignal
  readonly said: Journal
}

export const THREAD_LIBRARY = 'libthread_db.so.1'
/** Of the time left: thread-local variables are worth a download, but not the backtrace. */
const FETCH_SHARE = 0.1

/** What the packages of the modules themselves hold. */
export function companionsOf(
  core: Pick<Core, 'architecture'>,
  modules: readonly ResolvedModule[],
  printers: readonly PrinterName[] = PRINTERS,
): Companions {
  return companionsIn(core, modules, usefulPrinters(modules, printers))
}

function companionsIn(
  { architecture: target }: Pick<Core, 'architecture'>,
  modules: readonly ResolvedModule[],
  useful: readonly PrinterName[],
): Companions {
  const libc = modules.find(isCLibrary)?.binary
  const threads = libc === undefined || target === undefined ? undefined : threadLibraryIn(libc.packageDir, target)
  return {
    threadLibraries: new Map(threads === undefined || target === undefined ? [] : [[target, threads]]),
    printers: printersIn(modules, useful),
  }
}

/**
 * The same, and what other packages bring that an index knows: they are fetched. For a core of another architecture than
 * this machine's the thread library for debuggers of this one, of the same version; printers of libraries that it has.
 */
export async function findCompanions(
  core: Core,
  modules: readonly ResolvedModule[],
  context: CompanionContext,
): Promise<Companions> {
  const wanted = usefulPrinters(modules, context.config.printers)
  const found = companionsIn(core, modules, wanted)
  const index = new PackageIndex(context.database, context.formats)
  const fetcher = fetcherFor(context, index)
  const host = hostArchitecture()
  const library = modules.find(isCLibrary)?.owner
  const isForeign = host !== undefined && host !== core.architecture && library !== undefined
  const missing = wanted.filter((name) => found.printers.every((each) => each.name !== name))
  const [other, printers] = await Promise.all([
    isForeign ? sameVersionFor(host, library, { ...context, index, fetcher }) : undefined,
    fetchedPrinters(modules, missing, {
      index,
      repoDir: context.config.repoDir,
      release: context.release,
      fetch: (row) => fetcher.fetch(row),
    }),
  ])
  const threadLibraries = other === undefined || host === undefined
    ? found.threadLibraries
    : new Map([...found.threadLibraries, [host, other]])
  return { threadLibraries, printers: [...found.printers, ...printers] }
}

/** Within a small part of the time left. */
function fetcherFor(context: CompanionContext, index: PackageIndex): Fetcher {
  const { config, database, uses, formats, deadline, signal, said } = context
  return new Fetcher({
    config,
    database,
    uses,
    ...(formats === undefined ? {} : { formats }),
    say: said.say,
    signal: AbortSignal.any([signal, deadline.signal(FETCH_SHARE)]),
  }, index)
}

/** The thread library of the same package and version for another architecture, when an index knows that. */
async function sameVersionFor(
  architecture: Architecture,
  { name, version }: PackageIdentity,
  { config, index, fetcher }: Pick<CompanionContext, 'config'> & { index: PackageIndex; fetcher: Fetcher },
): Promise<KeptFolder | undefined> {
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
