/**
 * What a section of a `.repo` file says beyond what every repository has: its mirrors, what is verified, the choice.
 */
import { architectureNamed, architectureRow } from '../../elf/architecture.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { VariableValues } from './variables.ts'

export interface SectionOptions {
  /** With a slash at their ends; tried before the mirrors. */
  baseUrls: string[]
  metalink: string | undefined
  mirrorlist: string | undefined
  /** Of the variables in the lines of these two. */
  variables: VariableValues
  /** Packages must be signed by a key that the section names. */
  gpgcheck: boolean
  /** repomd.xml must be signed. */
  repoGpgcheck: boolean
  /** Globs over `name`, `name.arch` and the longer spellings (dnf.conf(5)); empty `included`: all. */
  excluded: string[]
  included: string[]
}

export class RpmSection {
  readonly options: SectionOptions
  readonly #excluded: RegExp[]
  readonly #included: RegExp[]

  constructor(options: SectionOptions) {
    this.options = options
    this.#excluded = options.excluded.map(globPattern)
    this.#included = options.included.map(globPattern)
  }

  /** What the choice of packages is made by: equal to the last sync's, an index need not be read again. */
  get choice(): string {
    const { excluded, included } = this.options
    return excluded.length + included.length === 0 ? '' : `-${excluded.join(',')}+${included.join(',')}`
  }

  /** Whether a package counts; `version` is `[epoch:]version-release`. */
  wants({ name, version, architecture }: { name: string; version: string; architecture: string }): boolean {
    if (this.#excluded.length + this.#included.length === 0) return true
    const plain = version.replace(/^[0-9]+:/, '')
    const spellings = [name, `${name}.${architecture}`, `${name}-${plain}`, `${name}-${plain}.${architecture}`]
    if (plain !== version) spellings.push(`${name}-${version}`, `${name}-${version}.${architecture}`)
    const matches = (patterns: RegExp[]) => patterns.some((pattern) => spellings.some((each) => pattern.test(each)))
    return !matches(this.#excluded) && (this.#included.length === 0 || matches(this.#included))
  }
}

/** The section of a repository that this format configured. */
export function sectionOf({ own }: RepositorySpec): RpmSection {
  if (!(own instanceof RpmSection)) throw new TypeError('Expected a repository that a .repo file configured')
  return own
}

/** Whether packages of an architecture (rpm's name) belong to a repository of another: noarch, and multilib. */
export function isOfArchitecture(packageArchitecture: string, repository: string): boolean {
  if (packageArchitecture === 'noarch') return true
  const wanted = architectureNamed(repository)
  const found = architectureNamed(packageArchitecture)
  if (found === undefined || wanted === undefined) return false
  return found === wanted || architectureRow(wanted).multilib === found
}

/** `*`, `?` and `[...]` of fnmatch(3). */
function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\[!?[^\]\/]+\]|[*?]|[^A-Za-z0-9_]/g,
    (part) => part === '*' ? '.*' : part === '?' ? '.' : part.length > 2 ? part.replace('[!', '[^') : `\\${part}`,
  )
  return new RegExp(`^${source}$`)
}
