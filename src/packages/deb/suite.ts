/**
 * A suite of a Debian archive: what its signed Release says that there is of a component and architecture. It knows the
 * layout under `dists/`, and that of a suite that is a path, where one Packages is for all.
 */
import { count } from '../../text/count.ts'
import { identityOf } from '../format/checksums.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SignedSuite, SuiteIndices } from '../format/suite.ts'
import { isCurrent, type SyncContext } from '../format/sync_context.ts'
import { MirrorWalk } from '../transfer/mirrors.ts'
import { type Mirror, mirrorsFor, mirrorsOf } from './mirrors.ts'
import { type DebOptions, limitsOf, optionsOf } from './options.ts'
import { type IndexForm, indexForms, parseRelease, type ReleaseFile } from './release_file.ts'
import { releaseOf, type ReleaseVerdict, teach } from './release_name.ts'
import { signedRelease } from './signed_release.ts'

/** An index in all its forms, the one that is asked for first at the front. */
export interface Index {
  forms: IndexForm[]
  /** What the Release file says of it as it is unpacked. */
  unpackedSize: number | undefined
}

/** What is to be read of a component and architecture. */
export interface Targets {
  packages: Index[]
  contents: Index[]
}

export class DebianSuite implements SignedSuite {
  readonly file: ReleaseFile
  readonly release: string
  readonly doubt: string | undefined
  readonly date: number
  readonly validUntil: number | undefined
  readonly maxAheadS: number
  /** Where the suite can be had; the one that this description came from is the first. */
  readonly mirrors: readonly Mirror[]

  constructor(
    file: ReleaseFile,
    { release, doubt }: ReleaseVerdict,
    { options, mirrors }: { options: Partial<DebOptions>; mirrors: readonly Mirror[] },
  ) {
    const { validUntil, maxAheadS } = limitsOf(options, file)
    this.file = file
    this.mirrors = mirrors
    this.release = release
    this.doubt = doubt
    this.date = file.date
    this.validUntil = validUntil
    this.maxAheadS = maxAheadS
  }

  /** The names in Release are below `dists/SUITE`, or below the address itself for a suite that is a path. */
  targets(component: string, architecture: string): Targets {
    const isFlat = component === ''
    const folder = isFlat ? '' : `${component}/`
    const packages = isFlat ? ['Packages'] : [`${folder}binary-${architecture}/Packages`]
    if (!isFlat && !this.file.allIsIncluded) packages.push(`${folder}binary-all/Packages`)
    const { allIsIncluded, hasContentsOfAll } = this.file
    const contentsOf = (each: string) =>
      this.#indices([`${folder}Contents-${each}`]).concat(this.#indices([`Contents-${each}`])).slice(0, 1)
    const own = contentsOf(architecture)
    // Packages for all hold nothing that is loaded (Debian policy 5.6.8). Archives that keep them apart may not know that.
    const isNeeded = hasContentsOfAll && (own.length === 0 || !allIsIncluded)
    const contents = isNeeded ? [...own, ...contentsOf('all')] : own
    return { packages: this.#indices(packages), contents: contents.filter(({ unpackedSize }) => unpackedSize !== 0) }
  }

  #indices(names: string[]): Index[] {
    return names.map((name) => ({
      forms: indexForms(this.file, name),
      unpackedSize: this.file.files.get(name)?.size,
    })).filter(({ forms }) => forms.length > 0)
  }

  indices(component: string, architecture: string): SuiteIndices | string {
    const { packages, contents } = this.targets(component, architecture)
    const why = packages.length === 0 ? this.#whyNot(component, architecture) : undefined
    if (why !== undefined) return why
    const key = (indices: Index[]) => indices.map(({ forms: [form] }) => identityOf(form?.checksums ?? {})).join(' ')
    const sizes = [...packages, ...contents].map(({ forms: [form] }) => form?.size ?? 0)
    return {
      // Nothing for an architecture that the suite has: as good as an index without packages (apt).
      packagesKey: packages.length === 0 ? 'none' : key(packages),
      contentsKey: key(contents),
      size: sizes.reduce((sum, size) => sum + size, 0),
    }
  }

  #whyNot(component: string, architecture: string): string | undefined {
    const { components, architectures, files } = this.file
    const bare = components?.map((each) => each.slice(each.lastIndexOf('/') + 1)) ?? []
    const isKnown = components === undefined || components.includes(component) || bare.includes(component) ||
      [...files.keys()].some((name) => name.startsWith(`${component}/`))
    if (component !== '' && !isKnown) {
      return `it has no component ${component}, but ${components.join(', ')}: is it misspelt?`
    }
    if (architectures === undefined) return `it has no Packages for ${`${component} ${architecture}`.trim()}`
    if (architectures.includes(architecture)) return undefined
    return `it has nothing for ${architecture}, but for ${architectures.join(', ')}`
  }
}

/** Fetches and verifies what it says about itself, from the first mirror that has nothing older than what is here. */
export async function readSuite(repository: RepositorySpec, context: SyncContext): Promise<SignedSuite> {
  const mirrors = await mirrorsOf(repository, { isSync: true, context })
  const walk = new MirrorWalk(mirrorsFor(mirrors, { type: 'index', suite: repository.suite }), {
    patienceMs: context.mirrorsMs,
  })
  let best: DebianSuite | undefined
  for (const address of walk) {
    const ordered = [...mirrors].sort((a, b) => Number(b.address === address) - Number(a.address === address))
    try {
      const found = await readSuiteAt({ ...repository, uri: address }, ordered, context)
      if (best === undefined || found.date > best.date) best = found
      if (isCurrent(found.date, context)) return found
    } catch (error) {
      walk.failed(error, context.signal)
    }
  }
  if (best === undefined) throw walk.refusal
  return best
}

async function readSuiteAt(
  repository: RepositorySpec,
  mirrors: readonly Mirror[],
  context: SyncContext,
): Promise<DebianSuite> {
  const { text, keep } = await signedRelease(repository, context)
  const file = parseRelease(text)
  if (file.date === 0) {
    const { suite, file: source, line } = repository
    context.warn(`${suite}: its Release file has no Date that can be read (${source}:${line})`)
  }
  if (file.unread.length > 0) {
    const [first = ''] = file.unread
    context.warn(
      `${repository.suite}: ${count(file.unread.length, 'line')} of its Release file cannot be read, like '${
        first.slice(0, 200)
      }' (${repository.file}:${repository.line})`,
    )
  }
  if (isCurrent(file.date, context)) await keep()
  return new DebianSuite(file, verdictOn(file, repository, context), {
    options: optionsOf(repository),
    mirrors,
  })
}

/** What the administrator says, else what the suite says of itself, or others of this run of it. */
function verdictOn(file: ReleaseFile, repository: RepositorySpec, { learnt }: SyncContext): ReleaseVerdict {
  const { origin, suite, codename, version } = file
  const names = { origin, suite, codename, version, asked: repository.suite, uri: repository.uri }
  if (repository.release === undefined) return releaseOf(names, learnt)
  if (learnt !== undefined) teach(learnt, names, repository.release)
  return { release: repository.release, doubt: undefined }
}
