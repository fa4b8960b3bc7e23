/**
 * Step `assemble`: the root that gdb sees, as names that lead to kept files. Pure but for `withLinkFolder`. Nothing is
 * copied, and only package folders that modules of this task use are bound.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Architecture } from '../../src/elf/architecture.ts'
import type { Core } from '../../src/elf/core.ts'
import { type Companions, THREAD_LIBRARY } from './companions.ts'
import type { LoadedPrinters } from './gdb/inquiry.ts'
import type { LoadedFile } from './gdb/opening.ts'
import { readableRegions, type Region } from './gdb/readable_memory.ts'
import { withCopies } from './plain_copies.ts'
import type { KeptFile, ResolvedModule } from './resolve/resolve.ts'
import type { Bind, Link } from '../../src/process/wall.ts'
import { INSIDE, MAX_LINKS, mergedLinks } from './sandbox/arguments.ts'
import { canonicalPath, LinkSet } from './sandbox/links.ts'
import { PackageNames, type StoreNames } from './store_names.ts'

/** The task's part of the sandbox. */
export interface Assembly {
  readonly binds: readonly Bind[]
  readonly links: readonly Link[]
  /** The program's path inside; undefined when it is not here. */
  readonly executable: string | undefined
  /** The modules that are here, the program too. */
  readonly files: readonly LoadedFile[]
  readonly regions: readonly Region[] | undefined
  /** Files with debuginfo of which there can be an index beside them. */
  readonly debugFiles: readonly DebugFile[]
  /** Folders inside with a thread library, by the architecture of the debuggers that can load it. */
  readonly threadLibraries: ReadonlyMap<Architecture, string>
  /** Pretty printers, by folders inside. */
  readonly printers: readonly LoadedPrinters[]
  /** Sentences on names that could not be given. */
  readonly problems: string[]
}

export interface DebugFile {
  readonly buildId: string
  /** Of this machine, and inside. */
  readonly packageDir: string
  readonly packageInside: string
}

/** Regions are a linear list inside gdb: 70,000 take 1.5 s to tell it, and 0.13 ms more for each read. */
const MAX_REGIONS = 200_000
const DELETED = ' (deleted)'

/** What the modules need of the root, and what gdb loads besides. */
export function assemble(
  core: Core,
  resolved: readonly ResolvedModule[],
  { corePath, companions, store = new PackageNames() }: {
    corePath: string
    companions: Companions
    store?: StoreNames
  },
): Assembly {
  const modules = resolved.map(withCopies)
  const links = new LinkSet()
  const problems: string[] = []
  for (const link of mergedLinks(INSIDE.sysroot)) links.add(link.path, link.target)
  for (const { module, binary, debug, dwz } of modules) {
    if (binary !== undefined) {
      const target = store.file(binary)
      for (const name of namesOf(module)) {
        if (!links.add(INSIDE.sysroot + name, target)) problems.push(`${name} is in the way of another module's name`)
      }
      if (binary.buildId !== undefined) links.add(buildIdPath(binary.buildId), target)
    }
    for (const file of [...(debug === undefined ? [] : [debug]), ...dwz]) {
      if (file.buildId !== undefined) links.add(`${buildIdPath(file.buildId)}.debug`, store.file(file))
    }
    if (binary !== undefined && debug !== undefined && debug.path !== binary.path && debug.buildId === undefined) {
      for (const name of linkedNames(store, module, { binary, debug })) links.add(name, store.file(debug))
    }
  }
  const known = new Set(modules.filter((each) => each.binary !== undefined).map((each) => each.module.path))
  const regions = readableRegions(core, (path) => known.has(path) || known.has(path.replace(/ \(deleted\)$/, '')))
  if (regions.length > MAX_REGIONS) problems.push('the core has too many mappings to tell undumped memory from zeros')
  const threadLibraries = new Map(
    [...companions.threadLibraries].map((
      [name, each],
    ) => [name, dirname(store.file({ ...each, path: join(each.path, THREAD_LIBRARY) }))]),
  )
  const printers = companions.printers.map((each) => ({ name: each.name, folder: store.folder(each) }))
  return {
    binds: [{ from: corePath, at: INSIDE.core, isPrivate: true }, ...store.binds()],
    links: links.list(),
    executable: executableIn(modules, links),
    files: modules.flatMap(({ module, binary, debug, dwz }) =>
      binary === undefined ? [] : [{
        path: store.file(binary),
        module,
        debuginfo: debuginfoNames(store, module, { binary, debug, dwz }),
        debugFile: debug === undefined || debug.path === binary.path ? undefined : store.file(debug),
      }]
    ),
    regions: regions.length > MAX_REGIONS ? undefined : regions,
    debugFiles: modules.flatMap(({ debug, dwz }) =>
      [...(debug === undefined ? [] : [debug]), ...dwz].flatMap(({ buildId, packageDir }) =>
        buildId === undefined ? [] : [{ buildId, packageDir, packageInside: store.package(packageDir) }]
      )
    ),
    threadLibraries,
    printers,
    problems,
  }
}

/**
 * The same root with its links in a folder of the task, for a task that has more of them than the wall takes. The
 * folder is made anew; whoever removes the folder removes all of it.
 */
export function withLinkFolder(assembly: Assembly, folder: string): Assembly {
  if (assembly.links.length <= MAX_LINKS) return assembly
  rmSync(folder, { recursive: true, force: true })
  for (const { path, target } of assembly.links) {
    const place = join(folder, path)
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
    symlinkSync(target, place)
  }
  const binds = [INSIDE.sysroot, INSIDE.debug].map((at) => ({ from: join(folder, at), at, isPrivate: true as const }))
  for (const { from } of binds) mkdirSync(from, { recursive: true, mode: 0o755 })
  return { ...assembly, binds: [...assembly.binds, ...binds], links: [] }
}

/** A module's names in the root: as mapped and as linked, in one spelling; a deleted file also as NT_FILE says. */
function namesOf(module: ResolvedModule['module']): Set<string> {
  const names = new Set<string>()
  for (const each of [module.path, module.linkName]) {
    const name = each === undefined ? undefined : canonicalPath(each)
    if (name === undefined) continue
    names.add(name)
    if (module.deleted && each === module.path) names.add(name + DELETED)
  }
  return names
}

/**
 * Where gdb looks for a debug file that it knows by `.gnu_debuglink` alone: of a program beside what its name leads to, of a
 * library beside its name. It compares the checksum itself.
 */
function linkedNames(
  store: StoreNames,
  module: ResolvedModule['module'],
  { binary, debug }: { binary: KeptFile; debug: KeptFile },
): string[] {
  const folders = [store.file(binary), ...[...namesOf(module)].map((name) => INSIDE.sysroot + name)].map(dirname)
  return folders.map((folder) => `${INSIDE.debug}${folder}/${basename(debug.path)}`)
}

/** Under which names gdb can read DWARF of a module: its own file's, those of debug and dwz files, and where these lead. */
function debuginfoNames(
  store: StoreNames,
  module: ResolvedModule['module'],
  { binary, debug, dwz }: { binary: KeptFile; debug: KeptFile | undefined; dwz: readonly KeptFile[] },
): string[] {
  if (debug === undefined) return []
  const own = debug.path === binary.path ? [...namesOf(module)].map((name) => INSIDE.sysroot + name) : []
  const separate = [debug, ...dwz].flatMap((file) => [
    store.file(file),
    ...(file.buildId === undefined ? [] : [buildIdPath(file.buildId), `${buildIdPath(file.buildId)}.debug`]),
  ])
  const linked = own.length === 0 && debug.buildId === undefined ? linkedNames(store, module, { binary, debug }) : []
  return [...own, ...separate, ...linked]
}

function executableIn(modules: readonly ResolvedModule[], links: LinkSet): string | undefined {
  const program = modules.find((each) => each.module.kind === 'executable' && each.binary !== undefined)
  const path = program === undefined ? undefined : canonicalPath(program.module.path)
  return path !== undefined && links.has(INSIDE.sysroot + path) ? INSIDE.sysroot + path : undefined
}

function buildIdPath(buildId: string): string {
  return `${INSIDE.debug}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}`
}
