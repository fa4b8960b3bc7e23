import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatNamed } from '../../../src/packages/format/naming.ts'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import { compareVersions } from '../../../src/packages/rpm/version.ts'

/** What rpm itself says of each pair; one process for all of them. */
function rpmOrders(pairs: (readonly [string, string])[]): number[] {
  const list = pairs.map(([a, b]) => `{"${a}","${b}"}`).join(',')
  const lua = `%{lua: for _, pair in ipairs({${list}}) do print(rpm.vercmp(pair[1], pair[2]) .. " ") end}`
  const result = spawnSync('rpm', ['--eval', lua], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`rpm failed: ${result.stderr}`, { cause: result.error })
  return result.stdout.trim().split(/\s+/).map(Number)
}

const KNOWN: [string, string, number][] = [
  ['1.0-1', '1.0-1', 0],
  ['1.0~rc1-1', '1.0-1', -1],
  ['1.0~rc1-1', '1.0~rc2-1', -1],
  ['1.0^git1-1', '1.0-1', 1],
  ['1.0^git1-1', '1.0.1-1', -1],
  ['1.0~rc1^git1', '1.0~rc1', 1],
  ['2:0.9-1', '10.0-1', 1],
  ['0:1.0-1', '1.0-1', 0],
  ['5.2.26-3.fc40', '5.2.26-10.fc40', -1],
  ['5.2.26-3.fc40', '5.2.26-3.fc41', -1],
  ['1.0a', '1.0.1', -1],
  ['1.05', '1.5', 0],
  ['fc4', 'fc.4', 0],
  ['20240101', '20231231.99', 1],
  ['1.18446744073709551617', '1.18446744073709551616', 1],
]

describe('compareVersions() of RPM', () => {
  it('puts versions in the order that rpm has', () => {
    expect(KNOWN.map(([a, b]) => Math.sign(compareVersions(a, b)))).toEqual(KNOWN.map(([, , order]) => order))
    expect(rpmOrders(KNOWN.map(([a, b]) => [a, b] as const))).toEqual(KNOWN.map(([, , order]) => order))
  })

  it('orders versions of rpm packages as rpm does, not as Debian does', () => {
    const [rpm, deb] = ['rpm', 'deb'].map((name) => formatNamed(name, NAMINGS))
    expect(rpm?.compareVersions('1.0~a^b-1', '1.0~a-1')).toBe(1)
    expect(rpm?.compareVersions('1.0_1', '1.0.1')).toBe(0)
    expect(deb?.compareVersions('1.0_1', '1.0.1')).not.toBe(0)
  })

  it('agrees with rpm on versions of any shape', () => {
    const part = fc.string({ unit: fc.constantFrom(...'0129aZfc.~^+_'), minLength: 1, maxLength: 8 })
    const version = fc.tuple(fc.constantFrom('', '', '0:', '1:', '02:'), part, part)
      .map(([epoch, main, release]) => `${epoch}${main}-${release}`)
    const seed = Date.now() ^ Math.floor(Math.random() * 2 ** 31)
    console.log(`fast-check seed ${seed}`)
    const pairs = fc.sample(
      fc.tuple(version, version, fc.constantFrom('other', 'zeros', 'tilde', 'caret')).map(([a, b, relation]) => {
        if (relation === 'other') return [a, b] as const
        if (relation === 'zeros') return [a, a.replace(/[0-9]+$/, '0$&')] as const
        return [a, relation === 'tilde' ? `${a}~` : `${a}^`] as const
      }),
      { numRuns: 3000, seed },
    )
    const ours = pairs.map(([a, b]) => Math.sign(compareVersions(a, b)))
    const theirs = rpmOrders(pairs)
    const wrong = pairs.map(([a, b], at) => `${a} ${b} ours ${ours[at]} rpm ${theirs[at]}`)
      .filter((_, at) => ours[at] !== theirs[at])
    expect(wrong).toEqual([])
    expect(new Set(theirs).size).toBe(3)
    expect(pairs.filter(([a, b]) => Math.sign(compareVersions(b, a)) + Math.sign(compareVersions(a, b)) !== 0)).toEqual(
      [],
    )
  })
})
