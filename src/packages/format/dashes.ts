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

/** How a package is written that `isNevra()` takes, for people. */
export const NEVRA_SPELLINGS: readonly string[] = [
  'name-[epoch:]version-release[.arch]',
  'epoch:name-version-release[.arch]',
]

/**
 * Whether a text is `name-[epoch:]version-release[.arch]`, taken apart from its end: only the name may hold a dash. So
 * RPM names packages, and ABRT's client those of every distribution; from 2.10.6 to 2.14.4 that one has the epoch first.
 */
export function isNevra(text: string): boolean {
  const { epoch, rest } = leadingEpoch(text)
  const [release, version] = dashes(rest)
  if (release === undefined || version === undefined) return false
  const versions = epoch === undefined ? /^(?:[0-9]{1,10}:)?[A-Za-z0-9._+~^]+$/ : /^[A-Za-z0-9._+~^]+$/
  return /^[A-Za-z0-9_][A-Za-z0-9._+~^-]*$/.test(rest.slice(0, version)) &&
    versions.test(rest.slice(version + 1, release)) &&
    /^[A-Za-z0-9._+~^]+$/.test(rest.slice(release + 1))
}

/** `2:name-1.0-3`: an epoch before the name, and what follows it. */
export function leadingEpoch(text: string): { epoch: string | undefined; rest: string } {
  const epoch = /^([0-9]{1,10}):/.exec(text)?.[1]
  return epoch === undefined ? { epoch, rest: text } : { epoch, rest: text.slice(epoch.length + 1) }
}

/**
 * The text as name and version on both sides of each dash; where there is none, as a name alone. `epoch` is the one that
 * stood before the name; an epoch of 0 is none, wherever it stood.
 */
export function cutAt(
  text: string,
  cuts: readonly number[],
  { architecture, epoch }: { architecture: string | undefined; epoch?: string | undefined },
): PackageReading[] {
  if (cuts.length === 0) return [{ name: text, version: undefined, architecture }]
  return cuts.map((dash) => {
    const version = text.slice(dash + 1)
    return {
      name: text.slice(0, dash),
      version: withoutZero(epoch === undefined ? version : `${epoch}:${version}`),
      architecture,
    }
  })
}

function withoutZero(version: string): string {
  return version.replace(/^0+:/, '')
}
