/** The order of versions per package format, without the rest of the format: light enough for every worker. */
import { compareVersions } from './deb/version.ts'

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function versionOrder(_format: 'deb'): (a: string, b: string) => number {
  return compareVersions
}
