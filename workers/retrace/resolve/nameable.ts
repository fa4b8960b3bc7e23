/**
 * Whether it would help that the client names a package: a module without a build-id is looked for by its path in those that
 * the client named, and nowhere else (binary.ts). Pure questions to the index.
 */
import type { CoreModule } from '../../../src/elf/core.ts'
import { packageReadings } from '../../../src/packages/naming/package_name.ts'
import { type Knowledge, MAX_NAMED, ownersOf } from './candidates.ts'

/**
 * `texts`: what the client named. True where packages are known that had the path, and none of them was named, in whatever
 * version; of a program that none had, where none was named at all.
 */
export function isNameable(
  { buildId, kind, path }: Pick<CoreModule, 'buildId' | 'kind' | 'path'>,
  texts: readonly string[],
  { index, releaseId }: Pick<Knowledge, 'index' | 'releaseId'>,
): boolean {
  if (buildId !== undefined || kind === 'vdso') return false
  const releases = releaseId === undefined ? index.releases().map(({ id }) => id) : [releaseId]
  const owners = releases.flatMap((id) => ownersOf(path, id, index))
  if (owners.length === 0) return kind === 'executable' && texts.length === 0
  const named = texts.slice(0, MAX_NAMED).flatMap((text) => packageReadings(text, index.namings))
  return !named.some(({ name }) => owners.includes(name))
}
