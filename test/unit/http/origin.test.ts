import { describe, expect, it } from 'vitest'
import { isOwn } from '../../../src/http/origin.ts'

const asking = { origin: undefined, site: undefined, host: 'retrace.example.org' }

describe('isOwn', () => {
  it.each([
    ['curl, which says nothing', {}, true],
    ['our own page', { origin: 'https://retrace.example.org' }, true],
    ['our own page, told by the browser, behind a proxy that changed Host', {
      origin: 'https://other.example',
      site: 'same-origin',
    }, true],
    ['a person who typed the address', { site: 'none' }, true],
    ['a page of another site', { origin: 'https://evil.example' }, false],
    ['a page of another port', { origin: 'https://retrace.example.org:444' }, false],
    ['a page of a sister site', { origin: 'https://retrace.example.org', site: 'same-site' }, false],
    ['a page of another site that names no origin', { site: 'cross-site' }, false],
    ['a page without an origin', { origin: 'null' }, false],
    ['nonsense', { origin: 'x' }, false],
    ['our own page, behind a proxy that names the port', {
      origin: 'https://retrace.example.org',
      host: 'Retrace.example.org:443',
    }, true],
    ['our own page of another port', {
      origin: 'https://retrace.example.org:8443',
      host: 'retrace.example.org:8443',
    }, true],
    ['a page of the scheme without a secret', {
      origin: 'http://retrace.example.org',
      host: 'retrace.example.org:443',
    }, false],
    ['a page where the request names no host', { origin: 'https://retrace.example.org', host: undefined }, false],
    ['a page whose origin is a list', { origin: 'https://retrace.example.org, https://evil.example' }, false],
    ['a page of the address that the administrator named', { origin: 'https://public.example' }, true],
  ])('%s: %o is our own: %s', (_, said, expected) => {
    expect(isOwn({ ...asking, ...said }, 'https://public.example/retrace')).toBe(expected)
  })
})
