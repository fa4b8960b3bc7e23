import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../../src/config/trusted_proxies.ts'
import { clientAddress, isSecure } from '../../../src/http/proxy.ts'

describe('isSecure()', () => {
  const trust = new TrustedProxies(['10.0.0.1'])
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
  ])('isSecure() of %j is %s', (change, secure) => {
    expect(isSecure({ ...hop, ...change }, trust)).toBe(secure)
  })
})

describe('clientAddress()', () => {
  const trust = new TrustedProxies(['10.0.0.0/8'])
  it.each([
    ['198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '192.0.2.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', 'forged nonsense', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.3', '10.0.0.3'],
    ['10.0.0.1', `192.0.2.7, ${'x'.repeat(1_986)}, 203.0.113.9`, '203.0.113.9'],
    ['10.0.0.1', `${'192.0.2.7, '.repeat(400)}203.0.113.9`, '203.0.113.9'],
  ])('peer %s with X-Forwarded-For %s is %s', (address, forwardedFor, client) => {
    expect(clientAddress({ address, encrypted: true, forwardedProto: undefined, forwardedFor }, trust)).toBe(client)
  })
})
