import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { authoritiesOf } from '../../../src/packages/transfer/dispatchers.ts'

describe('authoritiesOf()', () => {
  it.each([
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    '/etc/ssl/ca-bundle.pem',
  ])('takes the authorities of this system for %s of another distribution', (file) => {
    expect(authoritiesOf(file)).toBe(existsSync(file) ? file : authoritiesOf(undefined))
  })

  it('takes any other file as it is named, also one that is not there', () => {
    expect(authoritiesOf('/none/own.pem')).toBe('/none/own.pem')
  })
})
