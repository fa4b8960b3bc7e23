import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../../src/config/trusted_proxies.ts'

describe('a list of trusted proxies', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.0/24', '192.0.2.200', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['192.0.2.0/24', '::ffff:192.0.2.200', true],
    ['::ffff:192.0.2.0/120', '192.0.2.200', true],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.7', true],
    ['2001:db8::/32', '2001:db8::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', '198.51.100.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::1', undefined, false],
    ['::1', 'nonsense', false],
  ])('%s: whether it trusts %s is %s', (part, address, trusted) => {
    expect(new TrustedProxies([part]).trusts(address)).toBe(trusted)
  })

  it.each([
    'proxy.example.org',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '::1/129',
    '::ffff:10.0.0.0/8',
  ])('refuses %s, naming it', (part) => {
    expect(() => new TrustedProxies(['10.0.0.1', part])).toThrow(`'${part}' is neither an address nor a CIDR`)
  })

  it('trusts nobody when it is empty, and whoever one of its parts names', () => {
    expect(new TrustedProxies([]).trusts('127.0.0.1')).toBe(false)
    const list = new TrustedProxies(['10.0.0.1', '2001:db8::/32'])
    expect(['10.0.0.1', '2001:db8::5', '10.0.0.2'].map((address) => list.trusts(address))).toEqual([true, true, false])
  })
})
