/**
 * Debian's order of versions (deb-version(7)), equal to `dpkg --compare-versions`: epoch, upstream version, revision;
 * digits by value, everything else with `~` before the end, the end before letters, letters before the rest.
 */

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  return comparePart(left.epoch, right.epoch) || comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
}

function parts(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon < 0 ? '' : version.slice(0, colon),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

function comparePart(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j)
      if (difference !== 0) return difference
      i++
      j++
    }
    while (a[i] === '0') i++
    while (b[j] === '0') j++
    const startA = i
    const startB = j
    while (isDigit(a, i)) i++
    while (isDigit(b, j)) j++
    const digitsA = a.slice(startA, i)
    const digitsB = b.slice(startB, j)
    if (digitsA.length !== digitsB.length) return digitsA.length - digitsB.length
    if (digitsA !== digitsB) return digitsA < digitsB ? -1 : 1
  }
  return 0
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** The end and a digit weigh 0, `~` less, letters their code, all other characters more than any letter. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0
  const code = text.charCodeAt(at)
  if (code === 126) return -1
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
  return isLetter ? code : code + 256
}
