/**
 * How a format calls its packages and orders their versions: what is needed to understand an index that is here already; and the names
 * of its files and programs. Pure and light (no network, no archives): a worker whose packages are all here loads nothing else of
 * a format, and its start is time that a client waits; the server never does, and holds its modules as long as it runs.
 */
import type { Architecture } from '../../elf/architecture.ts'
import type { InsideProgram, OutsideProgram } from '../../process/programs.ts'

/** What tells a package from all others. */
export interface PackageIdentity {
  readonly name: string
  /** As the format writes it: `[epoch:]version[-release]`. */
  readonly version: string
  /** As the format writes it (`all` and `noarch` included); undefined where it is not known. */
  readonly architecture: string | undefined
}

/** One reading of a client's text. */
export interface PackageReading {
  readonly name: string
  /** Undefined when the text held a name alone. */
  readonly version: string | undefined
  /** As written. */
  readonly architecture: string | undefined
}

export interface PackageNaming {
  /** As the `repository` table and the `type` of package notes spell it. */
  readonly name: string
  /** Extension of its configuration files, with the dot. */
  readonly extension: string
  /** What opens its packages; `package`: which package of Debian has it. `isMute`: it says no version. */
  readonly programs: readonly (
    | { name: OutsideProgram; package: string; isMute?: false }
    | { name: InsideProgram; package: string; isMute: true }
  )[]
  /**
   * How people read the name of a package, which is also the name of its folder; an unknown architecture is left out.
   */
  label(pack: PackageIdentity): string
  /** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
  compareVersions(a: string, b: string): number
  /** Whether a package of this architecture is for every machine. */
  isIndependent(architecture: string): boolean
  /** The architecture whose packages a release of this one holds besides its own. */
  multilib(architecture: Architecture): Architecture | undefined
  /** The package whose debuginfo one of this name holds, as far as names tell. */
  binaryName(debugName: string): string
  /** Whether a package that is called as debuginfo is holds none: sources alone, or a library that was built anew for debugging. */
  isWithoutDebuginfo(name: string): boolean
  /** The debuginfo package of a source that holds what the others of that source share; undefined: there is none. */
  mainDebugName(source: string): string | undefined
  /** How clients may write a package of this format, one word for each way, for people. */
  readonly spellings: readonly string[]
  /** Whether a client's line is spelled in one of these ways: the strict rule for uploads. */
  isSpelling(line: string): boolean
  /** Whether the text can only be a package of this format. */
  isCertain(text: string): boolean
  /** What a text means in this format, the likeliest first, at most a dozen; it has no white space and no slash. */
  readings(text: string): PackageReading[]
}

/** The format of a list that goes by this name in the index. */
export function formatNamed<Format extends Pick<PackageNaming, 'name'>>(
  name: string,
  among: readonly Format[],
): Format {
  const format = among.find((one) => one.name === name)
  if (format === undefined) throw new RangeError(`Expected a package format that is known here, got ${name}`)
  return format
}
