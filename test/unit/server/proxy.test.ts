import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/usage_error.ts'
import { readProxyTrust } from '../../../src/config/proxy_trust.ts'
import { clientAddress, isSecure } from '../../../src/http/proxy.ts'

describe('readProxyTrust()', () => {
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
  ])('%s trusts %s: %s', (part, address, trusted) => {
    expect(readProxyTrust([part]).trusts(address)).toBe(trusted)
  })

  it.each([
    'proxy.example.org',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '::1/129',
    '::ffff:10.0.0.0/8',
  ])(
    'refuses %s and names the setting',
    (part) => {
      expect(() => readProxyTrust([part])).toThrow(UsageError)
      expect(() => readProxyTrust([part])).toThrow(/RETRACE_TRUST_PROXY/)
    },
  )
})

describe('isSecure()', () => {
  const trust = readProxyTrust(['10.0.0.1'])
  const hop = { address: '10.0.0.1', encrypted: false, forwardedProto: undefined, forwardedFor: undefined }

  it.each([
    [{}, false],
    [{ encrypted: true }, true],
    [{ forwardedProto: 'https' }, true],
    [{ forwardedProto: 'HTTPS' }, true],
    [{ forwardedProto: 'http, https' }, true],
    [{ forwardedProto: 'https, http' }, false],
    [{ forwardedProto: 'https', address: '10.0.0.2' }, false],
    [{ forwardedProto: 'http', encrypted: true }, false],
    [{ forwardedProto: 'http', encrypted: true, address: '10.0.0.2' }, true],
  ])('%j: %s', (change, secure) => {
    expect(isSecure({ ...hop, ...change }, trust)).toBe(secure)
  })
})

describe('clientAddress()', () => {
  const trust = readProxyTrust(['10.0.0.0/8'])
  it.each([
    ['198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '192.0.2.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', 'forged nonsense', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.3', '10.0.0.3'],
  ])('peer %s with X-Forwarded-For %s is %s', (address, forwardedFor, client) => {
    expect(clientAddress({ address, encrypted: true, forwardedProto: undefined, forwardedFor }, trust)).toBe(client)
  })
})
