import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../../src/packages/transfer/proxy.ts'

describe('proxyFor()', () => {
  const environment = { http: 'http://p:1', https: 'http://p:2', no: 'localhost, .corp.example,10.0.0.1:8080 [::1]' }
  it.each([
    ['http://deb.example/', 'http://p:1'],
    ['https://deb.example/', 'http://p:2'],
    ['http://localhost:99/', undefined],
    ['https://a.corp.example/', undefined],
    ['https://notcorp.example/', 'http://p:2'],
    ['http://10.0.0.1:8080/', undefined],
    ['http://10.0.0.1/', 'http://p:1'],
    ['http://[::1]:99/', undefined],
  ])('names for %s %s', (address, proxy) => expect(proxyFor(new URL(address), environment)).toBe(proxy))

  it('names none for anything with no_proxy=*', () => {
    expect(proxyFor(new URL('http://a/'), { ...environment, no: '*' })).toBeUndefined()
  })
})
