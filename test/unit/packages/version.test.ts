import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../../src/packages/deb/version.ts'

function dpkg(a: string, b: string): number {
  const is = (relation: string) => spawnSync('dpkg', ['--compare-versions', a, relation, b]).status === 0
  return is('lt') ? -1 : is('eq') ? 0 : 1
}

/** The claims that dpkg does not share; one shell for all of them, since a process costs more than a comparison. */
function refutedByDpkg(claims: string[]): string {
  const script = 'while read -r a r b; do dpkg --compare-versions "$a" "$r" "$b" || echo "$a $r $b"; done'
  return spawnSync('sh', ['-c', script], { input: claims.join('\n') + '\n', encoding: 'utf8' }).stdout
}

describe('compareVersions()', () => {
  it.each([
    ['1.0', '1.0', 0],
    ['1.0~rc1', '1.0', -1],
    ['1.0~~', '1.0~', -1],
    ['1:0.9', '2.0', 1],
    ['2.36-9+deb12u14', '2.36-9+deb12u9', 1],
    ['3.11.2-6', '3.11.2-6+b1', -1],
    ['1.0-1', '1.0-1.1', -1],
    ['1.2.13.dfsg-1', '1.2.13-1', 1],
    ['0:1.0-0', '1.0', 0],
    ['007', '7', 0],
    ['1.18446744073709551617', '1.18446744073709551616', 1],
  ])('puts %s against %s as dpkg does', (a, b, order) => {
    expect(Math.sign(compareVersions(a, b))).toBe(order)
    expect(dpkg(a, b)).toBe(order)
  })

  it('agrees with dpkg --compare-versions on versions of any shape', () => {
    const upstream = fc.tuple(fc.nat(9), fc.string({ unit: fc.constantFrom(...'0123aZ.+~-'), maxLength: 8 }))
      .map(([digit, rest]) => `${digit}${rest}`.replace(/-+$/, ''))
    const version = fc.tuple(
      fc.option(fc.nat(2), { nil: undefined }),
      upstream,
      fc.option(upstream, { nil: undefined }),
    )
      .map(([epoch, main, revision]) =>
        `${epoch === undefined ? '' : `${epoch}:`}${main}${
          revision === undefined ? '' : `-${revision.replaceAll('-', '')}`
        }`
      )
    const seed = Date.now() ^ Math.floor(Math.random() * 2 ** 31)
    console.log(`fast-check seed ${seed}`)
    const pairs = fc.sample(
      fc.tuple(version, version, fc.constantFrom('other', 'zeros', 'tilde')).map(([a, b, relation]) =>
        [a, relation === 'other' ? b : relation === 'zeros' ? a.replace(/[0-9]+$/, '0$&') : `${a}~`] as const
      ),
      { numRuns: 1000, seed },
    )
    const claims = pairs.map(([a, b]) => {
      const order = compareVersions(a, b)
      expect(Math.sign(compareVersions(b, a))).toBe(Math.sign(-order) + 0)
      return `${a} ${order < 0 ? 'lt' : order > 0 ? 'gt' : 'eq'} ${b}`
    })
    expect(new Set(claims.map((claim) => claim.split(' ')[1])).size).toBe(3)
    expect(refutedByDpkg(claims)).toBe('')
  })
})
