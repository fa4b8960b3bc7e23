/** What the search for a module's package knows, made of a table of packages and of what a client said. */
import type { CoreModule } from '../../src/elf/core.ts'
import { packageLabel, type PackageRow } from '../../src/packages/index/lookup.ts'
import {
  buildKey,
  type Candidate,
  countBuilds,
  type Knowledge,
  namedPackages,
} from '../../workers/retrace/resolve/candidates.ts'
import { DEBIAN, type KnownIndex, knownIndex, type MadeKnown } from './known_index.ts'

/** Build-ids. */
export const ID = 'aa00aa00'
export const OTHER = 'bb00bb00'
export const THIRD = 'cc00cc00'
export const FEDORA = 'fedora-40-x86_64'
export const PATH = '/usr/lib/libx.so.1'

/** A library of a core. */
export function libraryModule(more: Partial<CoreModule> = {}): CoreModule {
  const places = { path: PATH, linkName: undefined, deleted: false, start: 0n, end: 4096n }
  return { kind: 'library', ...places, buildId: ID, packageNote: undefined, ...more }
}

export interface Given {
  known: MadeKnown[]
  /** What the client says; none where nothing is said. */
  lines?: string[]
  /** Debian's where nothing is said. */
  release?: string | undefined
  /** Build-ids of the core's other modules. */
  others?: string[]
}

function knowledgeOf({ index, releaseId: idOf }: KnownIndex, given: Given): Knowledge {
  const release = 'release' in given ? given.release : DEBIAN
  const releaseId = release === undefined ? undefined : idOf(release)
  const named = namedPackages(given.lines ?? [], index, releaseId)
  const modules = [ID, ...given.others ?? []].map((buildId) => libraryModule({ buildId }))
  return {
    index,
    releaseId,
    named,
    builds: { counts: countBuilds({ modules }, index), named: new Set([...named.values()].flat().map(buildKey)) },
  }
}

/** As packages are named to people; those of other releases than Debian's with it. */
export function labels(rows: PackageRow[]): string[] {
  return rows.map((row) => (row.release === DEBIAN ? '' : `${row.release}: `) + packageLabel(row))
}

/** What a way of finding gives, as labels. */
export async function found(
  given: Given,
  find: (knowledge: Knowledge) => PackageRow[] | Candidate[],
): Promise<string[]> {
  await using known = await knownIndex(given.known)
  const all = find(knowledgeOf(known, given))
  return labels(all.map((one) => 'row' in one ? one.row : one))
}

/** A package that holds the build-id. */
export const LIB = { name: 'lib', version: '1', code: [ID] }
