/** The order of versions per package format, without the rest of the format: light enough for every worker. */
import { compareVersions as compareDeb } from './deb/version.ts'
import { compareVersions as compareRpm } from './rpm/version.ts'

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function versionOrder(format: string): (a: string, b: string) => number {
  return format === 'rpm' ? compareRpm : compareDeb
}
