/**
 * How clients write the name of a package, taken apart by all formats. A text that is no package in any format has no
 * reading, and a text with several readings keeps all of them, the likeliest first: which of these exist, the index
 * knows.
 */
import type { PackageNaming, PackageReading } from '../format/naming.ts'
import { NAMINGS } from './namings.ts'

const MAX_LENGTH = 500
const MAX_READINGS = 12

/**
 * The name without version, for `package_time` (docs/design.txt, chapter 2.1); undefined when the text is no package at
 * all.
 */
export function packageName(text: string, namings: readonly PackageNaming[] = NAMINGS): string | undefined {
  return packageReadings(text, namings)[0]?.name
}

/**
 * All readings of a text as name, version and architecture, the likeliest first, at most a dozen: those of a format
 * whose marks it bears, then the others; a name alone only where no format finds a version.
 */
export function packageReadings(text: string, namings: readonly PackageNaming[] = NAMINGS): PackageReading[] {
  const word = text.trim()
  if (word === '' || word.length > MAX_LENGTH || /[\s/\0]/.test(word)) return []
  const certain = namings.filter((one) => one.isCertain(word))
  const ordered = [...certain, ...namings.filter((one) => !certain.includes(one))]
  const readings = distinct(ordered.flatMap((one) => one.readings(word)))
  const versioned = readings.filter(({ version }) => version !== undefined)
  return (versioned.length > 0 ? versioned : readings).slice(0, MAX_READINGS)
}

function distinct(readings: PackageReading[]): PackageReading[] {
  const seen = new Set<string>()
  return readings.filter((reading) => {
    const key = JSON.stringify([reading.name, reading.version, reading.architecture])
    return !seen.has(key) && seen.add(key) !== undefined
  })
}
