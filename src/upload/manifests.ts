/**
 * Which members an upload may and must have (docs/http.md, 'POST /create', second table). Pure.
 */
import type { Member } from '../task/files.ts'
import type { ManifestKind } from '../task/manifest.ts'

interface MemberTable {
  /** Each inner list names alternatives, of which at least one has to be there. */
  required: readonly (readonly Member[])[]
  optional: readonly Member[]
}

const TABLES: Record<Exclude<ManifestKind, 'bare'>, MemberTable> = {
  design: { required: [['coredump'], ['architecture'], ['release'], ['packages']], optional: [] },
  abrt: {
    required: [['coredump'], ['executable'], ['package'], ['os_release', 'release']],
    optional: ['rootdir', 'os_release_in_rootdir', 'architecture', 'packages'],
  },
}

/** The names that a tar of this manifest may hold. */
export function knownMembers(manifest: Exclude<ManifestKind, 'bare'>): Member[] {
  const { required, optional } = TABLES[manifest]
  return [...required.flat(), ...optional]
}

/** What is missing, in words: `packages`, `os_release or release`. */
export function missingMembers(manifest: Exclude<ManifestKind, 'bare'>, seen: ReadonlySet<string>): string[] {
  return TABLES[manifest].required
    .filter((names) => !names.some((name) => seen.has(name)))
    .map((names) => names.join(' or '))
}
