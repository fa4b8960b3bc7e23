/**
 * How clients write the name of a package, taken apart: `name-[epoch:]version-release[.arch]` (NEVRA), Debian's
 * `name_version[_arch]` and `name=version`. Owns the text only; whether such a package exists is the index's business.
 * Refuses to choose where the text leaves two readings: `packageReadings` gives all of them, the likeliest first.
 */
import { architectureNamed } from '../elf/architecture.ts'

const MAX_LENGTH = 500

/** One reading of a client's text. */
export interface PackageReading {
  name: string
  /** `[epoch:]version[-release]`; undefined when the text held a name alone. */
  version: string | undefined
  /** As written: Debian's or RPM's name, `all` or `noarch`. */
  architecture: string | undefined
}

/**
 * The name without version, for `package_time` (docs/design.txt, chapter 2.1); undefined when the text is no package at
 * all.
 */
export function packageName(text: string): string | undefined {
  return packageReadings(text)[0]?.name
}

/** All readings of a text as name, version and architecture, the likeliest first; at most a dozen. */
export function packageReadings(text: string): PackageReading[] {
  const word = text.trim()
  if (word === '' || word.length > MAX_LENGTH || /[\s/\0]/.test(word)) return []
  if (word.includes('=')) return fromFields(word.split('='))
  // The one architecture of RPM with an underscore of its own.
  const isRpm = /\.x86_64(_v[0-9])?$/.test(word)
  if (!isRpm && /^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?_[0-9]/.test(word)) return fromFields(word.split('_'))
  return fromDashes(word)
}

function fromFields(fields: string[]): PackageReading[] {
  const [name, version, architecture, more] = fields
  if (!name || !version || more !== undefined) return []
  const [bare, qualifier] = name.split(':')
  if (!bare) return []
  return [{ name: bare, version, architecture: architecture || qualifier || undefined }]
}

/**
 * NEVRA splits at the last two dashes. Debian's version may have one dash or none (`base-files-12.4+deb12u5`), so a
 * field that does not begin with a digit is no version, unless an architecture or dist tag of RPM says otherwise.
 */
function fromDashes(word: string): PackageReading[] {
  const { stem, architecture } = withoutArchitecture(word)
  const cuts: number[] = []
  for (let at = stem.lastIndexOf('-'); at > 0 && cuts.length < 12; at = stem.lastIndexOf('-', at - 1)) cuts.push(at)
  const isVersion = (cut: number) => /^[0-9]/.test(stem.slice(cut + 1))
  const isRpm = architecture !== undefined || /\.(fc|el|eln|amzn|mga|cm|azl)[0-9]*[^-]*$/.test(stem)
  const [last, second] = cuts
  const order: number[] = []
  if (second !== undefined && (isRpm || isVersion(second))) order.push(second)
  if (last !== undefined && isVersion(last)) order.push(last)
  for (const cut of cuts) if (isVersion(cut) && !order.includes(cut)) order.push(cut)
  const readings = order.map((cut) => ({ name: stem.slice(0, cut), version: stem.slice(cut + 1), architecture }))
  return readings.length > 0 ? readings : [{ name: stem, version: undefined, architecture }]
}

function withoutArchitecture(word: string): { stem: string; architecture: string | undefined } {
  const dot = word.lastIndexOf('.')
  const tail = word.slice(dot + 1)
  if (dot > 0 && (tail === 'noarch' || tail === 'all' || architectureNamed(tail) !== undefined)) {
    return { stem: word.slice(0, dot), architecture: tail }
  }
  return { stem: word, architecture: undefined }
}
