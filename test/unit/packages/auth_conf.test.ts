import { describe, expect, it } from 'vitest'
import { credentialsFor, parseAuthConf } from '../../../src/packages/transfer/auth_conf.ts'
import { readSources } from '../../../src/packages/deb/sources_file.ts'

const TEXT = `# a comment with machine and login
machine example.org login apt password debian
machine example.org:8443/private
  login b
  password c
machine http://plain.example login d password e
machine tail.example login f
`

function userFor(address: string): string | undefined {
  return credentialsFor(new URL(address), parseAuthConf(TEXT))?.user
}

describe('auth.conf', () => {
  it.each([
    ['https://example.org/debian', 'apt'],
    ['https://example.org:8443/private/x', 'apt'],
    ['http://example.org/debian', undefined],
    ['http://plain.example/x', 'd'],
    ['https://plain.example/x', undefined],
    ['https://sub.example.org/', undefined],
    ['https://tail.example/', undefined],
  ])('gives %s the user %s', (address, user) => expect(userFor(address)).toBe(user))

  it('matches a path as folders, and a port exactly', () => {
    const entries = parseAuthConf('machine a.example:8443/private login u password p')
    const found = (address: string) => credentialsFor(new URL(address), entries) !== undefined
    expect(['https://a.example:8443/private', 'https://a.example:8443/private/x'].map(found)).toEqual([true, true])
    expect(['https://a.example:8443/privateer', 'https://a.example/private'].map(found)).toEqual([false, false])
  })
})

describe('the connection of a stanza', () => {
  const stanza = (uris: string, more = '') => `Types: deb\nURIs: ${uris}\nSuites: s\nComponents: main\n${more}`
  it('keeps user and password apart from the address', () => {
    const [one] = readSources('a', stanza('https://me:p%40ss@a.example/debian')).repositories
    expect(one?.uri).toBe('https://a.example/debian/')
    expect(one?.connection.credentials).toEqual({ user: 'me', password: 'p@ss' })
  })

  it.each([
    ['http://me:geheim@a.example/', '', 'a:2: A user and a password in an http:// address'],
    ['https://me:geheim@:a', '', 'a:2: URIs has a word that is no address'],
    ['file:///x', 'X-Retrace-Proxy: http://p:1\n', 'a:2: A file:// address needs no proxy'],
    ['https://a/', 'X-Retrace-Proxy: ftp://me:geheim@p\n', 'a:5: X-Retrace-Proxy is http://HOST:PORT'],
    ['https://a/', 'X-Retrace-CA-File: ca.pem\n', 'a:5: X-Retrace-CA-File is the absolute path'],
    ['https://a/', 'X-Retrace-Client-Key: /k.pem\n', 'a:5: X-Retrace-Client-Key needs'],
  ])('refuses %s %s with file and line, and without what is secret', (uris, more, message) => {
    const [fault, ...others] = readSources('a', stanza(uris, more)).faults
    expect(fault).toContain(message)
    expect(fault).not.toContain('geheim')
    expect(others).toEqual([])
  })

  it.each([['Types: deb\n', '', 'The stanza has no Types'], [
    'Types: deb',
    'Types: dep',
    'Types is deb or deb-src, not dep',
  ]])(
    'refuses a stanza with %j made %j',
    (from, to, message) =>
      expect(readSources('a', stanza('https://a/').replace(from, to)).faults).toEqual([
        expect.stringContaining(message),
      ]),
  )
})
