/**
 * The part of a `.sources` stanza that says how its hosts are reached: user and password in an address, and our keys
 * `X-Retrace-Proxy`, `X-Retrace-CA-File`, `X-Retrace-Client-Cert`, `X-Retrace-Client-Key`.
 * Refuses what would send a password in clear text; no message of this file holds a value that may be secret.
 */
import { type Connection, type Credentials, credentialsIn, USUAL_CONNECTION } from '../format/connection.ts'

/** Refuses, naming the line of a key. */
type Fail = (key: string, message: string) => never

export const CONNECTION_KEYS = [
  'x-retrace-proxy',
  'x-retrace-ca-file',
  'x-retrace-client-cert',
  'x-retrace-client-key',
] as const

/** A stanza's connection, but for the credentials of its addresses. */
export function connectionOf(value: (key: string) => string | undefined, fail: Fail): Connection {
  const path = (key: (typeof CONNECTION_KEYS)[number], shownKey: string) => {
    const file = value(key)
    if (file !== undefined && !file.startsWith('/')) fail(key, `${shownKey} is the absolute path of a PEM file`)
    return file
  }
  const connection: Connection = {
    ...USUAL_CONNECTION,
    proxy: proxyOf(value('x-retrace-proxy'), fail),
    caFile: path('x-retrace-ca-file', 'X-Retrace-CA-File'),
    certFile: path('x-retrace-client-cert', 'X-Retrace-Client-Cert'),
    keyFile: path('x-retrace-client-key', 'X-Retrace-Client-Key'),
  }
  if (connection.keyFile !== undefined && connection.certFile === undefined) {
    fail('x-retrace-client-key', 'X-Retrace-Client-Key needs an X-Retrace-Client-Cert')
  }
  return connection
}

function proxyOf(value: string | undefined, fail: Fail): string | undefined {
  if (value === undefined || value === '') return undefined
  if (/^(direct|none)$/i.test(value)) return 'direct'
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol) || new URL(value).pathname !== '/') {
    fail('x-retrace-proxy', 'X-Retrace-Proxy is http://HOST:PORT, https://HOST:PORT or direct')
  }
  return value
}

/**
 * An address without its user and password, with a slash at its end, and those two apart. That of a list of mirrors
 * (apt-transport-mirror(1)) is the list's own.
 */
export function addressOf(
  given: string,
  connection: Connection,
  fail: Fail,
): { uri: string; credentials: Credentials | undefined; isMirrorList: boolean } {
  const isMirrorList = /^mirror(\+[a-z]+)?:/i.test(given)
  const text = given.replace(/^mirror\+/i, '').replace(/^mirror:/i, 'http:')
  if (!URL.canParse(text)) fail('uris', 'URIs has a word that is no address')
  const url = new URL(text)
  // Of a password that holds one the rest would be taken for what is never sent.
  if (text.includes('#')) fail('uris', 'A # in an address ends it: write it as %23')
  const { protocol } = url
  const credentials = credentialsIn(url)
  if (!['http:', 'https:', 'file:'].includes(protocol)) {
    fail('uris', `${protocol}// is not supported; use https://, http:// or file://`)
  }
  if (protocol === 'file:' && !isMirrorList && usesNetwork(connection)) {
    fail('uris', 'A file:// address needs no proxy and no certificate; leave those keys away')
  }
  const shaped = (uri: string) => isMirrorList ? uri : withSlash(uri)
  if (credentials === undefined) return { uri: shaped(text), credentials, isMirrorList }
  if (protocol !== 'https:') {
    fail(
      'uris',
      `A user and a password in an ${protocol}// address would be sent in clear text: use https://, or, where that is ` +
        'known and wanted, an entry `machine http://HOST` in auth.conf',
    )
  }
  url.username = ''
  url.password = ''
  return { uri: shaped(url.href), credentials, isMirrorList }
}

function usesNetwork({ proxy, caFile, certFile }: Connection): boolean {
  return (proxy !== undefined && proxy !== 'direct') || caFile !== undefined || certFile !== undefined
}

function withSlash(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`
}
