/**
 * The part of a section that says how its hosts are reached, in dnf's words: proxy, user and password, certificates,
 * time-out. No message of this file holds a value that may be secret.
 */
import { type Connection, type Credentials, USUAL_CONNECTION } from '../format/connection.ts'
import type { Reader } from './reader.ts'

/** The connection of a repository at an address. */
export function connectionOf(reader: Reader, uri: string): Connection {
  const certFile = pathOf(reader, 'sslclientcert')
  const keyFile = pathOf(reader, 'sslclientkey')
  if (keyFile !== undefined && certFile === undefined) reader.fail('sslclientkey', 'sslclientkey needs a sslclientcert')
  return {
    ...USUAL_CONNECTION,
    proxy: proxyOf(reader),
    credentials: credentialsOf(reader, uri),
    caFile: pathOf(reader, 'sslcacert'),
    certFile,
    keyFile,
    verifiesHost: reader.boolean('sslverify', true),
    timeoutMs: timeoutOf(reader),
  }
}

/** `_none_` and an empty value are dnf's words for none. */
function proxyOf(reader: Reader): string | undefined {
  const value = reader.section.options.get('proxy')?.value.trim()
  if (value === undefined) return undefined
  if (value === '' || value === '_none_') return 'direct'
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    return reader.fail('proxy', 'proxy is http://HOST:PORT, https://HOST:PORT or _none_')
  }
  const user = reader.text('proxy_username')
  if (user === undefined) return value
  const url = new URL(value)
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(reader.text('proxy_password') ?? '')
  return url.href
}

function credentialsOf(reader: Reader, uri: string): Credentials | undefined {
  const user = reader.text('username')
  if (user === undefined) {
    if (reader.text('password') !== undefined) reader.fail('password', 'password needs a username')
    const { login } = reader
    if (login !== undefined && login.origin !== new URL(uri).origin) {
      reader.fail(
        login.key,
        'A user and a password in an address are sent to the first address alone, whose host is another',
      )
    }
    return login?.credentials
  }
  if (!uri.startsWith('https:')) {
    reader.fail('username', 'username and password would be sent in clear text: use https:// addresses')
  }
  return { user, password: reader.text('password') ?? '' }
}

function pathOf(reader: Reader, key: string): string | undefined {
  const value = reader.text(key)
  if (value !== undefined && !value.startsWith('/')) reader.fail(key, `${key} is the absolute path of a PEM file`)
  return value
}

/** Seconds, or a number with s, m or h (dnf.conf(5)), also with a fraction; 0: the usual. */
function timeoutOf(reader: Reader): number | undefined {
  const value = reader.text('timeout')
  if (value === undefined) return undefined
  const match = /^([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhSMH]?)$/.exec(value)
  const seconds = Number(match?.[1]) * ({ m: 60, h: 3600 }[match?.[2]?.toLowerCase() ?? ''] ?? 1)
  if (!(seconds >= 0)) reader.fail('timeout', 'timeout is a number of seconds, like 30')
  return seconds === 0 ? undefined : Math.ceil(seconds * 1000)
}
