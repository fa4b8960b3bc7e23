/**
 * What a program or library says about its own package (.note.package, systemd's
 * PACKAGE_METADATA_FOR_EXECUTABLE_FILES): the name of one that no index knows, and a good first guess for one that is
 * known. Pure. It is a claim and no more: the build-id decides.
 */
import type { CoreModule } from '../../../src/elf/core.ts'
import type { PackageIdentity, PackageNaming } from '../../../src/packages/format/naming.ts'

export interface NotedPackage extends PackageIdentity {
  /** The format's name, as the note has it. */
  readonly type: string | undefined
}

const WORD = /^[A-Za-z0-9][A-Za-z0-9+.:~^_-]{0,199}$/

/** Undefined where the core holds no note, or one that names no package. */
export function notedPackage({ packageNote }: Pick<CoreModule, 'packageNote'>): NotedPackage | undefined {
  if (packageNote === undefined) return undefined
  const { type, name, version, architecture } = JSON.parse(packageNote) as Record<string, unknown>
  if (!isWord(name) || !isWord(version)) return undefined
  return {
    type: isWord(type) ? type : undefined,
    name,
    version,
    architecture: isWord(architecture) ? architecture : undefined,
  }
}

/** The label that its format gives the package; plain words for a format that is none of ours. */
export function notedLabel(noted: NotedPackage, namings: readonly PackageNaming[]): string {
  const naming = namings.find(({ name }) => name === noted.type)
  if (naming !== undefined) return naming.label(noted)
  return [noted.name, noted.version, ...(noted.architecture === undefined ? [] : [noted.architecture])].join(' ')
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
