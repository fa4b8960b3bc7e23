/**
 * RPM's order of versions (rpm-version(7)), equal to rpm's own rpmvercmp: epoch, version, release; each a row of
 * segments of digits or letters, digits newer than letters, `~` before the end, `^` after it but before any segment.
 */

/** Negative, zero or positive as `a`, `[epoch:]version[-release]`, is older than, equal to or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  return compareNumbers(left.epoch, right.epoch) || comparePart(left.version, right.version) ||
    comparePart(left.release, right.release)
}

function parts(text: string): { epoch: string; version: string; release: string } {
  const epoch = /^([0-9]+):/.exec(text)?.[1]
  const rest = epoch === undefined ? text : text.slice(epoch.length + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: epoch ?? '0',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/** rpmvercmp(): of one version or one release. */
export function comparePart(a: string, b: string): number {
  if (a === b) return 0
  let restA = a
  let restB = b
  for (;;) {
    restA = restA.replace(/^[^A-Za-z0-9~^]+/, '')
    restB = restB.replace(/^[^A-Za-z0-9~^]+/, '')
    if (restA.startsWith('~') || restB.startsWith('~')) {
      if (!restA.startsWith('~')) return 1
      if (!restB.startsWith('~')) return -1
      restA = restA.slice(1)
      restB = restB.slice(1)
      continue
    }
    if (restA.startsWith('^') || restB.startsWith('^')) {
      if (restA === '') return -1
      if (restB === '') return 1
      if (!restA.startsWith('^')) return 1
      if (!restB.startsWith('^')) return -1
      restA = restA.slice(1)
      restB = restB.slice(1)
      continue
    }
    if (restA === '' || restB === '') break
    const isNumber = /^[0-9]/.test(restA)
    const segment = isNumber ? /^[0-9]*/ : /^[A-Za-z]*/
    const segmentA = segment.exec(restA)?.[0] ?? ''
    const segmentB = segment.exec(restB)?.[0] ?? ''
    // Segments of different kinds: digits are newer.
    if (segmentB === '') return isNumber ? 1 : -1
    const order = isNumber ? compareNumbers(segmentA, segmentB) : compareText(segmentA, segmentB)
    if (order !== 0) return order
    restA = restA.slice(segmentA.length)
    restB = restB.slice(segmentB.length)
  }
  return restA === restB ? 0 : restA === '' ? -1 : 1
}

/** Digits by value, however many there are. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length - right.length || compareText(left, right)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
