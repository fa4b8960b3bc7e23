/**
 * Step `resolve`: finds for each module of a core the files that gdb needs, by the index; packages that are known and
 * not here are fetched, verified and kept. A file that is a mismatch is never used (mismatch.ts). All modules are
 * resolved at once: a package that one waits for may have files of another.
 */
import type { Database } from '../../../src/database/database.ts'
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import type { PackageFormat } from '../../../src/packages/format/format.ts'
import type { PackageIdentity } from '../../../src/packages/format/naming.ts'
import { packageLabel, type PackageRow } from '../../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../../src/packages/index/use.ts'
import { noteLost } from '../../../src/packages/keep/kept.ts'
import { packageName, packageReadings } from '../../../src/packages/naming/package_name.ts'
import type { Manifest } from '../../../src/task/manifest.ts'
import { type BinaryResult, findBinary, type Search } from './binary.ts'
import { buildKey, closestVersions, countBuilds, MAX_NAMED, namedPackages, ownersOf } from './candidates.ts'
import { dwzClosure, findDebugBeside, findDebugByBuildId } from './debuginfo.ts'
import { Fetcher, type FetcherContext } from './fetcher.ts'
import type { Matching } from './mismatch.ts'
import { isNameable } from './nameable.ts'
import { newerVersion } from './newer.ts'
import { notedLabel, notedPackage } from './package_note.ts'
import { decideRelease } from './release.ts'
import { RememberingIndex } from './remembering_index.ts'
import { type KeptFile, Store, type StoredFile } from './store.ts'

export type { KeptFile } from './store.ts'

export type ModuleStatus = 'exact' | 'by-path' | 'mismatch' | 'missing' | 'no-debuginfo' | 'not-applicable'

/** What is known of a module, and where its files are (docs/architecture.md, 'The worker's steps'). */
export interface ResolvedModule {
  module: CoreModule
  status: ModuleStatus
  /** `libc6_2.36-9+deb12u14_amd64`: the package that has it, or would. */
  package: string | undefined
  /** The package that `package` is the label of. */
  owner?: PackageIdentity
  /** What that one was built from, as far as the index knows. */
  source?: string
  /** A newer version of it that is upstream in its release. */
  newer?: string
  /** Where its sources can be read. */
  sources?: SourcePlace
  debugPackage: string | undefined
  binary: Matching<KeptFile> | undefined
  /** Equal to `binary` when that was not stripped. */
  debug: Matching<KeptFile> | undefined
  dwz: Matching<KeptFile>[]
  /** Build-id of a dwz file that the debuginfo leans on, and that no package has: arguments and lines are missing. */
  missingDwz?: string
  /** The package that would have the binary or the debuginfo, when it was removed upstream before it was fetched. */
  gone?: string
  /** The package that has one of them, or would, when it is upstream and could not be fetched. */
  unfetched?: string
  /** The client could name the package of its binary, and did not (nameable.ts). */
  isNameable?: true
  /** Sentences: what was looked for, and why it failed. */
  tried: string[]
  /** What is wrong with its files, which shows only when gdb reads them. */
  damage?: FileDamage
}

/** A template, and what it says of the package (src/packages/format/source_url.ts). */
export interface SourcePlace {
  readonly template: string
  readonly package: string
  readonly source: string
  readonly version: string
  readonly release: string
}

export interface FileDamage {
  /** What gdb said; undefined: only that files are missing that it leans on. */
  readonly why: string | undefined
  /** Files that it leans on (Split DWARF), which are not here. */
  readonly splitFiles: readonly string[]
  /** Its debuginfo was not used, at least for some frames. */
  readonly isLeftOut: boolean
  /** gdb does not take the file of the module itself. */
  readonly isUnread: boolean
}

/** What the client said. */
export type Hints = Pick<Manifest, 'release' | 'packages'>

export interface ResolveContext {
  config: FetcherContext['config']
  database: Database
  /** The packages of whatever is resolved are in use until it is disposed of: after gdb has read them. */
  uses: PackageUses
  /** In place of those of this installation. */
  formats?: readonly PackageFormat[]
  /** One that was asked a moment ago, by whom `uses` are from: what it remembers is believed. */
  index?: RememberingIndex | undefined
  /** In place of one of its own: what it fetches counts together. */
  fetcher?: Fetcher | undefined
  /** Hears what is being done, and of which step it is: `fetch`, `libc6-dbg 2.36-9+deb12u14 (7.0 MB)`. */
  say(step: 'resolve' | 'fetch', text: string): void
  signal: AbortSignal
}

export interface Resolution {
  modules: ResolvedModule[]
  /** Id with architecture; undefined when neither core nor client tells. */
  release: string | undefined
  /** Name of the package that owns the program. */
  owner: string | undefined
  /** Name of the source that it was built from, else its own. */
  component: string | undefined
  /** The time for fetching was over before all was here. */
  ranOutOfTime: boolean
  seconds: { resolve: number; fetch: number }
}

/** Resolves all modules. Throws only for a broken database or disk: what is missing is a status. */
export async function resolveModules(core: Core, hints: Hints, context: ResolveContext): Promise<Resolution> {
  const started = performance.now()
  const { index = new RememberingIndex(context.database, context.formats) } = context
  const release = decideRelease(core, hints.release, index)
  if (release.remark !== undefined) context.say('resolve', release.remark)
  const texts = hints.packages
  const named = namedPackages(texts, index, release.id)
  const { fetcher = new Fetcher({ ...context, onFetched: () => index.forget() }, index) } = context
  const search: Search = {
    knowledge: {
      index,
      releaseId: release.id,
      named,
      builds: {
        counts: countBuilds(core, index, release.id),
        named: new Set([...named.values()].flat().map(buildKey)),
      },
    },
    store: new Store(index, {
      repoDir: context.config.repoDir,
      releaseId: release.id,
      uses: context.uses,
      noteLost: (file) => {
        noteLost(context.database, file)
        index.forget()
      },
    }),
    fetcher,
    signal: context.signal,
  }
  search.store.expect(core.modules)
  const modules = await Promise.all(core.modules.map((module) => resolveModule(module, search)))
  for (const each of modules) {
    if (each.binary === undefined && isNameable(each.module, texts, search.knowledge)) each.isNameable = true
  }
  sayUnknownVersions(modules, texts, search)
  const seconds = (performance.now() - started) / 1000
  const owner = ownerOf(core, { modules, texts, search })
  return {
    modules,
    release: release.name,
    owner,
    component: componentOf(owner, modules, search),
    ranOutOfTime: fetcher.ranOutOfTime,
    seconds: { resolve: Math.max(0, seconds - fetcher.seconds), fetch: fetcher.seconds },
  }
}

async function resolveModule(module: CoreModule, search: Search): Promise<ResolvedModule> {
  if (module.kind === 'vdso') return notApplicable(module)
  const { buildId } = module
  const nothing = { file: undefined, owner: undefined, tried: [] }
  const [binary, byId] = await Promise.all([
    findBinary(module, search),
    buildId === undefined ? nothing : findDebugByBuildId(buildId, search),
  ])
  const debug = await findDebugBeside(binary, search, byId)
  const dwz = await dwzClosure(debug.file, search)
  return {
    module,
    status: statusOf(binary, debug.file),
    ...(binary.owner === undefined ? noted(module, search) : known(binary.owner, search)),
    debugPackage: debug.owner === undefined ? undefined : packageLabel(debug.owner),
    binary: binary.file,
    debug: debug.file,
    dwz: dwz.files,
    ...(dwz.missing === undefined ? {} : { missingDwz: dwz.missing }),
    ...notFetched(search.fetcher, [binary, debug]),
    tried: [...new Set([...binary.tried, ...debug.tried, ...dwz.tried])],
  }
}

function notFetched(
  fetcher: Fetcher,
  results: Pick<BinaryResult, 'file' | 'owner'>[],
): Pick<ResolvedModule, 'gone' | 'unfetched'> {
  const owners = results.flatMap(({ file, owner }) => file === undefined && owner !== undefined ? [owner] : [])
  const gone = owners.find((owner) => owner.gone !== null)
  if (gone !== undefined) return { gone: packageLabel(gone) }
  const failed = owners.find((owner) => fetcher.hasFailed(owner))
  return failed === undefined ? {} : { unfetched: packageLabel(failed) }
}

function statusOf(binary: BinaryResult, debug: StoredFile | undefined): ModuleStatus {
  if (binary.file === undefined) return binary.way === 'mismatch' ? 'mismatch' : 'missing'
  if (binary.way === 'by-path') return 'by-path'
  return debug === undefined ? 'no-debuginfo' : 'exact'
}

function notApplicable(module: CoreModule): ResolvedModule {
  return {
    module,
    status: 'not-applicable',
    package: undefined,
    debugPackage: undefined,
    binary: undefined,
    debug: undefined,
    dwz: [],
    tried: [],
  }
}

function owned(
  owner: PackageIdentity & Pick<PackageRow, 'naming'>,
): Pick<ResolvedModule, 'package' | 'owner' | 'source' | 'newer' | 'sources'> {
  return { package: owner.naming.label(owner), owner }
}

/** What the index knows of it. */
function known(owner: PackageRow, { knowledge }: Search): ReturnType<typeof owned> {
  const { name, source, sourceVersion, release, releaseId } = owner
  const newer = newerVersion(owner, knowledge.index)
  const template = knowledge.index.sourceUrlOf(releaseId)
  return {
    ...owned(owner),
    source,
    ...(newer === undefined ? {} : { newer }),
    ...(template === undefined
      ? {}
      : { sources: { template, package: name, source, version: sourceVersion, release } }),
  }
}

/** What the file says of itself, where no index knows better. */
function noted(module: CoreModule, { knowledge }: Search): Pick<ResolvedModule, 'package' | 'owner'> {
  const owner = notedPackage(module)
  return owner === undefined ? { package: undefined } : { owner, package: notedLabel(owner, knowledge.index.namings) }
}

/** The client named versions that no index has: the reason why modules are missing, and what is known instead. */
function sayUnknownVersions(modules: ResolvedModule[], texts: string[], { knowledge }: Search): void {
  const { index, releaseId, named } = knowledge
  if (releaseId === undefined) return
  const unknown = new Map<string, string>()
  for (const text of texts.slice(0, MAX_NAMED)) {
    const [reading] = packageReadings(text, index.namings)
    if (reading?.version === undefined || named.has(reading.name) || unknown.has(reading.name)) continue
    unknown.set(reading.name, reading.version)
  }
  const naming = index.releases().find(({ id }) => id === releaseId)?.naming
  if (unknown.size === 0 || naming === undefined) return
  for (const resolved of modules) {
    if (resolved.binary !== undefined || resolved.status === 'not-applicable') continue
    for (const name of ownersOf(resolved.module.path, releaseId, index)) {
      const wanted = unknown.get(name)
      if (wanted === undefined) continue
      const known = index.versionsOf(name, releaseId).map(({ version }) => version)
      const versions = closestVersions(known, wanted, naming.compareVersions)
      if (resolved.package === undefined) {
        Object.assign(resolved, owned({ naming, name, version: wanted, architecture: undefined }))
      }
      resolved.tried.push(
        `the client says ${name} ${wanted}, which no index here has; known: ${versions.join(', ')}`,
      )
    }
  }
}

/** By the program's build-id, else by its path, else by the client's word. */
function ownerOf(
  core: Core,
  { modules, texts, search }: { modules: ResolvedModule[]; texts: string[]; search: Search },
): string | undefined {
  const program = modules.find(({ module }) => module.kind === 'executable')
  if (program?.owner !== undefined) return program.owner.name
  const { index, releaseId } = search.knowledge
  const path = program?.module.path ?? core.files[0]?.path
  const owners = releaseId === undefined || path === undefined ? [] : ownersOf(path, releaseId, index)
  return owners[0] ?? (texts[0] === undefined ? undefined : packageName(texts[0], index.namings))
}

/** By the package whose file the program is, else by what the index knows of that name. */
function componentOf(owner: string | undefined, modules: readonly ResolvedModule[], { knowledge }: Search) {
  const program = modules.find(({ module }) => module.kind === 'executable')
  if (owner === undefined || program?.source !== undefined) return program?.source
  const { index, releaseId } = knowledge
  const rows = releaseId === undefined ? [] : index.versionsOf(owner, releaseId)
  return rows.find(({ source }) => source !== '')?.source ?? owner
}
