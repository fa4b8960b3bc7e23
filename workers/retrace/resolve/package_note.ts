/**
 * What a program or library says about its own package (.note.package, systemd's PACKAGE_METADATA_FOR_EXECUTABLE_FILES):
 * the name of one that no index knows, and a good first guess for one that is known. Pure. Refuses to take it for more
 * than a claim: the build-id decides.
 */
import type { CoreModule } from '../../../src/elf/core.ts'

export interface NotedPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string | undefined
}

const WORD = /^[A-Za-z0-9][A-Za-z0-9+.:~^_-]{0,199}$/

/** Undefined where the core holds no note, or one that names no package. */
export function notedPackage({ packageNote }: Pick<CoreModule, 'packageNote'>): NotedPackage | undefined {
  if (packageNote === undefined) return undefined
  const { name, version, architecture } = JSON.parse(packageNote) as Record<string, unknown>
  if (!isWord(name) || !isWord(version)) return undefined
  return { name, version, architecture: isWord(architecture) ? architecture : undefined }
}

/** As packages are named to people. */
export function notedLabel({ name, version, architecture }: NotedPackage): string {
  return [name, version, ...(architecture === undefined ? [] : [architecture])].join('_')
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
