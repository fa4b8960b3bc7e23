/**
 * Which release a core is of. The core and the index decide: the client's word counts where they do not contradict it
 * (docs/architecture.md, rule 2).
 */
import { architectureNamed, ARCHITECTURES } from '../../../src/elf/architecture.ts'
import type { Core } from '../../../src/elf/core.ts'
import type { PackageNaming } from '../../../src/packages/format/naming.ts'
import type { PackageIndex } from '../../../src/packages/index/lookup.ts'
import { isSameRelease, releaseId } from '../../../src/packages/release/release_id.ts'

export interface ReleaseVerdict {
  /** Id with architecture; the client's, when nothing else is known. */
  name: string | undefined
  /** Row of the index; undefined: not indexed here. */
  id: number | undefined
  /** A sentence for the log, where the client was not right or not understood. */
  remark: string | undefined
}

/** Decides by the build-ids that the index knows, then by the client's hint, then by there being only one choice. */
export function decideRelease(core: Core, hint: string | undefined, index: PackageIndex): ReleaseVerdict {
  const known = index.releases().filter((release) => holdsArchitecture(release, core.architecture))
  const hinted = hint === undefined || hint === '' ? undefined : releaseId(hint, core.architecture)
  const named = (id: string | undefined) => known.find(({ name }) => id !== undefined && isSameRelease(name, id))
  const row = named(hinted) ?? named(carrierOf(core, hint))
  const votes = countVotes(core, index)
  const [best] = known.filter(({ id }) => votes.has(id))
    .sort((a, b) => (votes.get(b.id) ?? 0) - (votes.get(a.id) ?? 0) || a.name.localeCompare(b.name))
  if (row !== undefined && (best === undefined || (votes.get(row.id) ?? 0) > 0)) {
    return { name: row.name, id: row.id, remark: undefined }
  }
  if (best !== undefined) {
    const remark = hinted === undefined
      ? `the build-ids are those of ${best.name}`
      : `the client says ${hinted}, but the build-ids are those of ${best.name}`
    return { name: best.name, id: best.id, remark }
  }
  const [only, second] = known
  if (hinted === undefined && only !== undefined && second === undefined) {
    return { name: only.name, id: only.id, remark: `taken for ${only.name}, the only release of its architecture here` }
  }
  return {
    name: hinted,
    id: undefined,
    remark: hinted === undefined ? 'the release is not known' : `the release ${hinted} is not indexed here`,
  }
}

/** Its own architecture, and in some formats another one whose packages stand beside (multilib). */
function holdsArchitecture(
  { name, naming }: { name: string; naming: PackageNaming | undefined },
  wanted: Core['architecture'],
): boolean {
  const own = architectureNamed(name.slice(name.lastIndexOf('-') + 1))
  if (own === undefined || wanted === undefined) return false
  return own === wanted || naming?.multilib(own) === wanted
}

/** The release of the hint for the architecture that carries the core's: an i386 program on x86_64. */
function carrierOf({ architecture }: Core, hint: string | undefined): string | undefined {
  const carrier = ARCHITECTURES.find(({ multilib }) => multilib !== undefined && multilib === architecture)
  return hint === undefined || carrier === undefined ? undefined : releaseId(hint, carrier.name)
}

function countVotes(core: Core, index: PackageIndex): Map<number, number> {
  const votes = new Map<number, number>()
  for (const { buildId } of core.modules.slice(0, 200)) {
    if (buildId === undefined) continue
    for (const id of index.releasesWith(buildId)) votes.set(id, (votes.get(id) ?? 0) + 1)
  }
  return votes
}
