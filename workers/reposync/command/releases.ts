/** What `--release` names: ids of releases with or without architecture, in every action alike. */
import { UsageError } from '../../../src/errors/usage_error.ts'

/** Whether a release (with its architecture) is wanted; when none is named, all are. */
export function isWanted(wanted: string[], release: string): boolean {
  return wanted.length === 0 || wanted.includes(release) || wanted.includes(release.slice(0, release.lastIndexOf('-')))
}

/** Throws UsageError for a name that fits none of the releases (with their architectures). */
export function assertKnown(wanted: string[], releases: string[], option = '--release'): void {
  const unknown = wanted.filter((one) => !releases.some((release) => isWanted([one], release)))
  if (unknown.length === 0) return
  const known = releases.length === 0 ? 'none is known yet' : `known are ${releases.join(', ')}`
  throw new UsageError(`${option} ${unknown.join(', ')}: no repository feeds such a release; ${known}`)
}
