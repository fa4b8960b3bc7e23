/** The file `modules.json`. Pure. The server's paths are not in it. */
import type { CoreModule } from '../../../src/elf/module.ts'
import type { ModuleCounts } from '../../../src/task/outcome_file.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'

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
  readonly damage:
    | {
      readonly why: string | null
      readonly split_files: readonly string[]
      readonly left_out: boolean
      readonly unread: boolean
    }
    | null
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
    damage: found.damage === undefined ? null : {
      why: found.damage.why ?? null,
      split_files: found.damage.splitFiles,
      left_out: found.damage.isLeftOut,
      unread: found.damage.isUnread,
    },
  }
}

/** The whole file; `version` rises when a reader would have to change. */
export function modulesJson(modules: readonly ResolvedModule[]): string {
  return `${JSON.stringify({ version: 1, counts: countModules(modules), modules: modules.map(moduleJson) }, null, 1)}\n`
}

export function hex(address: bigint): string {
  return `0x${address.toString(16)}`
}
