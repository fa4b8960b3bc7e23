/** Ranges of versions as `engines` says them, as far as the packages here do: npm's semver, without pre-releases. */

type Version = readonly [major: number, minor: number, patch: number]

/** Whether `^20.18.1 || >=22.2.0` and the like take a version. Throws for a form that nobody here uses. */
export function accepts(range: string, version: string): boolean {
  return range.split('||').some((alternative) => {
    const comparators = alternative.replace(/([<>=^]+)\s+/g, '$1').trim().split(/\s+/)
    return comparators.every((comparator) => isWithin(comparator, numbers(version)))
  })
}

/** The lowest version of each alternative. */
export function lowest(range: string): string[] {
  return range.split('||').map((alternative) => numbers(alternative.replace(/^[\s^>=v]+/, '')).join('.'))
}

function isWithin(comparator: string, version: Version): boolean {
  const [, operator = '', text = ''] = /^(\^|>=|<|)v?([\d.x]+|\*)$/.exec(comparator) ?? []
  if (text === '') throw new Error(`Expected a range like '>=20.1.2', got '${comparator}'`)
  if (text === '*') return true
  const bound = numbers(text)
  if (operator === '<') return compare(version, bound) < 0
  if (operator === '' && /\.x$/.test(text)) return version[0] === bound[0]
  if (operator === '') throw new Error(`Expected a range, got the one version '${comparator}'`)
  return compare(version, bound) >= 0 && (operator !== '^' || version[0] === bound[0])
}

function numbers(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.trim().split('.').map((part) => part === 'x' ? 0 : Number(part))
  return [major, minor, patch]
}

function compare(a: Version, b: Version): number {
  const at = a.findIndex((number, place) => number !== b[place])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
