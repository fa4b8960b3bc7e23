/** Names that are joined to their versions by dashes, and have dashes themselves: where they can be taken apart. */
import type { PackageReading } from './naming.ts'

const MAX_CUTS = 12

/** Offsets of the last dashes of a text, the last one first; one at its very beginning is none. */
export function dashes(text: string): number[] {
  const cuts: number[] = []
  for (let at = text.lastIndexOf('-'); at > 0 && cuts.length < MAX_CUTS; at = text.lastIndexOf('-', at - 1)) {
    cuts.push(at)
  }
  return cuts
}

/** Whether what follows a dash begins as versions do. */
export function isVersionAfter(text: string, dash: number): boolean {
  return /^[0-9]/.test(text.slice(dash + 1))
}

/**
 * Whether a text is `name-[epoch:]version-release[.arch]`, taken apart from its end: only the name may hold a dash. So
 * RPM names packages, and ABRT's client those of every distribution.
 */
export function isNevra(text: string): boolean {
  const [release, version] = dashes(text)
  if (release === undefined || version === undefined) return false
  return /^[A-Za-z0-9_][A-Za-z0-9._+~^-]*$/.test(text.slice(0, version)) &&
    /^(?:[0-9]{1,10}:)?[A-Za-z0-9._+~^]+$/.test(text.slice(version + 1, release)) &&
    /^[A-Za-z0-9._+~^]+$/.test(text.slice(release + 1))
}

/** The text as name and version on both sides of each dash; where there is none, as a name alone. */
export function cutAt(text: string, cuts: readonly number[], architecture: string | undefined): PackageReading[] {
  if (cuts.length === 0) return [{ name: text, version: undefined, architecture }]
  return cuts.map((dash) => ({ name: text.slice(0, dash), version: text.slice(dash + 1), architecture }))
}
