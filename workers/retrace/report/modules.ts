/**
 * The file `modules.json`, and what the modules lack in words. Pure. Owns both; refuses the server's paths in them.
 */
import type { CoreModule } from '../../../src/elf/module.ts'
import type { ModuleCounts } from '../../../src/task/outcome_file.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'

/** docs/architecture.md, rule 2: the result says so. */
export const BY_PATH = 'taken by its path, since the core holds no build-id of it'

/** Counts by status; the vdso, which no package holds, does not count. */
export function countModules(modules: readonly ResolvedModule[]): ModuleCounts {
  const count = (status: ResolvedModule['status']) => modules.filter((each) => each.status === status).length
  return {
    total: modules.length - count('not-applicable'),
    exact: count('exact'),
    by_path: count('by-path'),
    no_debuginfo: count('no-debuginfo'),
    missing: count('missing'),
    mismatch: count('mismatch'),
  }
}

/** A row of `modules.json`. */
export interface ModuleJson {
  readonly kind: CoreModule['kind']
  readonly path: string
  readonly link_name: string | null
  readonly deleted: boolean
  readonly start: string
  readonly end: string
  readonly build_id: string | null
  readonly status: ResolvedModule['status']
  readonly package: string | null
  readonly debug_package: string | null
  readonly has_binary: boolean
  readonly has_debuginfo: boolean
  readonly dwz: readonly (string | null)[]
  readonly missing_dwz: string | null
  readonly tried: readonly string[]
  readonly package_note: string | null
}

/** One module as JSON has it: addresses as hexadecimal text, absent facts as null. */
export function moduleJson({ module, status, ...found }: ResolvedModule): ModuleJson {
  return {
    kind: module.kind,
    path: module.path,
    link_name: module.linkName ?? null,
    deleted: module.deleted,
    start: hex(module.start),
    end: hex(module.end),
    build_id: module.buildId ?? null,
    status,
    package: found.package ?? null,
    debug_package: found.debugPackage ?? null,
    has_binary: found.binary !== undefined,
    has_debuginfo: found.debug !== undefined,
    dwz: found.dwz.map((file) => file.buildId ?? null),
    missing_dwz: found.missingDwz ?? null,
    tried: found.tried,
    package_note: module.packageNote ?? null,
  }
}

/** The whole file; `version` rises when a reader would have to change. */
export function modulesJson(modules: readonly ResolvedModule[]): string {
  return `${JSON.stringify({ version: 1, counts: countModules(modules), modules: modules.map(moduleJson) }, null, 1)}\n`
}

/** One line for the log: `no-debuginfo /usr/lib/libffi.so.8 (libffi8_3.4.4-1_amd64): why`. */
export function moduleLine({ module, status, tried, ...found }: ResolvedModule): string {
  const owner = found.package === undefined ? '' : ` (${found.package})`
  const reasons = tried.length === 0 ? '' : `: ${tried.join('; ')}`
  return `${status} ${module.path || '(no name)'}${owner}, build-id ${module.buildId ?? 'unknown'}${reasons}`
}

/** What a module lacks: `libffi.so.8 (libffi8_3.4.4-1_amd64): no debuginfo`. Undefined when it lacks nothing. */
export function lackOf(resolved: ResolvedModule): string | undefined {
  const name = resolved.module.path.slice(resolved.module.path.lastIndexOf('/') + 1) || 'a module without name'
  const owner = resolved.package === undefined ? '' : ` (${resolved.package})`
  const gone = resolved.gone === undefined ? '' : `, gone upstream`
  if (resolved.status === 'not-applicable') return undefined
  if (resolved.binary === undefined) {
    return `${name}${owner}: ${
      resolved.status === 'mismatch' ? 'only other builds of it are known' : `not found${gone}`
    }`
  }
  if (resolved.debug === undefined) return `${name}${owner}: no debuginfo${gone}`
  if (resolved.status === 'by-path') return `${name}${owner}: ${BY_PATH}`
  return resolved.missingDwz === undefined ? undefined : `${name}${owner}: the dwz file of its debuginfo is missing`
}

export function hex(address: bigint): string {
  return `0x${address.toString(16)}`
}
