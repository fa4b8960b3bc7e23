/**
 * Names and passwords in apt's auth.conf format (apt_auth.conf(5)): `machine [protocol://]host[:port][/path] login USER
 * password WORD`. An entry that names no protocol matches https alone: a password is sent in clear text only where the
 * administrator wrote `http://` beside it.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readNamed, whyUnread } from '../../files/named.ts'
import { log } from '../../telemetry/log.ts'
import type { Credentials } from '../format/connection.ts'
import { MIB } from '../../units/bytes.ts'

export interface AuthEntry {
  /** With its colon, like URL.protocol. */
  protocol: string
  host: string
  /** Undefined: every port. */
  port: string | undefined
  /** Empty: every path. */
  path: string
  credentials: Credentials
}

const APT_FOLDER = '/etc/apt'
const MAX_FILE = MIB

/**
 * The entries of auth.conf and auth.conf.d/*.conf beside the repository files, then of apt's own. A file beside them
 * that cannot be read is passed over with a warning; apt's own are usually root's alone, and nobody said to use them.
 */
export function readAuthEntries(reposD: string): AuthEntry[] {
  return [
    ...entriesIn(reposD, (file, why) => log('fetch').warning(`${file} is not used: ${why}`)),
    ...entriesIn(APT_FOLDER, () => undefined),
  ]
}

type Complain = (file: string, why: string) => void

function entriesIn(folder: string, complain: Complain): AuthEntry[] {
  return authFiles(folder, complain).flatMap((file) => parseAuthConf(textOf(file, complain)))
}

function authFiles(folder: string, complain: Complain): string[] {
  const parts = join(folder, 'auth.conf.d')
  const names = attempt(parts, () => readdirSync(parts).filter((name) => name.endsWith('.conf')).sort(), complain) ?? []
  return [join(folder, 'auth.conf'), ...names.map((name) => join(parts, name))]
}

function textOf(file: string, complain: Complain): string {
  const text = attempt(file, () => readNamed(file), complain) ?? ''
  if (text.length <= MAX_FILE) return text
  complain(file, `it is longer than ${MAX_FILE} characters`)
  return ''
}

/** Undefined for what is not there, and for what cannot be read. */
function attempt<Value>(path: string, read: () => Value, complain: Complain): Value | undefined {
  try {
    return read()
  } catch (error) {
    const why = whyUnread(error)
    if (why === undefined) throw error
    if (why !== 'ENOENT' && why !== 'ENOTDIR') complain(path, `it cannot be read (${why})`)
    return undefined
  }
}

/** All whole entries of a text, in its order; words that are not known are passed over, as apt does. */
export function parseAuthConf(text: string): AuthEntry[] {
  const words = text.split('\n').filter((line) => !line.trimStart().startsWith('#')).join('\n').split(/\s+/)
  const entries: AuthEntry[] = []
  let machine: Omit<AuthEntry, 'credentials'> | undefined
  let login: string | undefined
  let password: string | undefined
  const take = () => {
    if (machine !== undefined && login !== undefined && password !== undefined) {
      entries.push({ ...machine, credentials: { user: login, password } })
    }
    login = password = undefined
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === 'machine') {
      take()
      machine = parseMachine(words[++at] ?? '')
    } else if (word === 'login') login = words[++at]
    else if (word === 'password') password = words[++at]
  }
  take()
  return entries
}

function parseMachine(text: string): Omit<AuthEntry, 'credentials'> | undefined {
  const match = /^(?:([a-z+]+):\/\/)?(\[[0-9a-f:.]+\]|[^/:[\]]+)(?::(\d+))?(\/.*)?$/i.exec(text)
  if (match?.[2] === undefined) return undefined
  return {
    protocol: `${match[1]?.toLowerCase() ?? 'https'}:`,
    host: match[2].toLowerCase(),
    port: match[3],
    path: match[4] ?? '',
  }
}

/** The credentials of the first entry that an address matches. */
export function credentialsFor(url: URL, entries: AuthEntry[]): Credentials | undefined {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return entries.find((entry) =>
    entry.protocol === url.protocol && entry.host === url.hostname &&
    (entry.port === undefined || entry.port === port) && isBelow(url.pathname, entry.path)
  )?.credentials
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && (folder === '' || folder.endsWith('/') || /^(\/|$)/.test(path.slice(folder.length)))
}
