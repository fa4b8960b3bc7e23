/** Which server, and whom to believe that it is that one: from the command line, the environment and files. */
import { readFileSync } from 'node:fs'
import type { ClientEnvironment } from '../config/client_environment.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'
import { quote } from '../text/escape.ts'
import type { Options } from './command_line.ts'

export interface Settings {
  /** Without a slash at its end. */
  readonly server: string
  /** PEM; undefined: the system's. */
  readonly ca: string | undefined
  readonly isInsecure: boolean
}

const KEYS = ['server', 'ca'] as const
type Key = typeof KEYS[number]
const MAX_CERTIFICATES = 1 << 20

/** Throws UsageError where no server is named, or something is no address. */
export function settingsOf(
  { server, ca, isInsecure }: Pick<Options, 'server' | 'ca' | 'isInsecure'>,
  environment: ClientEnvironment,
): Settings {
  const files = environment.files.map(readSettings)
  const fromFiles = (key: Key) => files.find((each) => each.has(key))?.get(key)
  const address = server ?? environment.server ?? fromFiles('server')
  if (address === undefined) {
    throw new UsageError(
      `No server is named: give --server URL, set RETRACE_SERVER, or write 'server = URL' into ${environment.files[0]}`,
    )
  }
  const path = ca ?? fromFiles('ca')
  return { server: serverAddress(address), ca: path === undefined ? undefined : readCertificates(path), isInsecure }
}

/** `key = value` a line; empty lines and lines with # first are skipped. A file that is not there has none. */
export function parseSettings(text: string, path: string): Map<Key, string> {
  const settings = new Map<Key, string>()
  for (const [index, line] of text.split('\n').entries()) {
    const plain = line.trim()
    if (plain === '' || plain.startsWith('#')) continue
    const [, name = '', value = ''] = /^([a-z]+)\s*=\s*(.*)$/.exec(plain) ?? []
    const key = KEYS.find((each) => each === name)
    if (key === undefined || value === '') {
      throw new UsageError(`${path}, line ${index + 1}: expected 'server = URL' or 'ca = FILE', got '${quote(plain)}'`)
    }
    if (!settings.has(key)) settings.set(key, value)
  }
  return settings
}

function readSettings(path: string): Map<Key, string> {
  try {
    return parseSettings(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const code = errnoOf(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return new Map()
    throw new UsageError(`${path} cannot be read (${code ?? cause})`, { cause })
  }
}

function serverAddress(text: string): string {
  const address = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(address?.hostname ?? '')
  if (address === undefined || (address.protocol !== 'https:' && !(address.protocol === 'http:' && isLocal))) {
    throw new UsageError(
      `The server is '${quote(text)}'; an address begins with https://, since cores are private data`,
    )
  }
  if (address.username !== '' || address.search !== '' || address.hash !== '') {
    throw new UsageError(`The server's address is a scheme, a host and a path, nothing more`)
  }
  return address.href.replace(/\/+$/, '')
}

function readCertificates(path: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length > MAX_CERTIFICATES || !text.includes('-----BEGIN CERTIFICATE-----')) {
      throw new UsageError(`${path} holds no certificate in PEM form`)
    }
    return text
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(`${path} cannot be read (${errnoOf(cause) ?? cause})`, { cause })
  }
}
