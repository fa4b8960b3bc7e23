/** The options of one section as typed values; a value of the wrong kind is an error with file and line. */
import { pathToFileURL } from 'node:url'
import { UsageError } from '../../errors/usage_error.ts'
import { type Credentials, credentialsIn } from '../format/connection.ts'
import type { IniSection } from './ini.ts'

export class Reader {
  readonly file: string
  readonly section: IniSection
  /** User and password that stand in addresses, with the key and the origin; all alike, or refused. */
  login: { key: string; origin: string; credentials: Credentials } | undefined

  constructor(file: string, section: IniSection) {
    this.file = file
    this.section = section
  }

  /** Throws UsageError with the line of a key, or of the section. */
  fail(key: string | undefined, message: string): never {
    const line = (key === undefined ? undefined : this.section.options.get(key)?.line) ?? this.section.line
    throw new UsageError(`${this.file}:${line}: ${message}`)
  }

  /** As written, but for quotes around it, as dnf has it; undefined when it is not there or empty. */
  text(key: string): string | undefined {
    return unquoted(this.section.options.get(key)?.value.trim() ?? '') || undefined
  }

  /** Separated by white space or commas; quotes around one are none of it either. */
  words(key: string): string[] {
    return (this.text(key) ?? '').split(/[\s,]+/).map(unquoted).filter((word) => word !== '')
  }

  word(key: string): string | undefined {
    const [first, second] = this.words(key)
    if (second !== undefined) this.fail(key, `${key} is one word`)
    return first
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.text(key)?.toLowerCase()
    if (value === undefined) return fallback
    if (/^(1|yes|true|on)$/.test(value)) return true
    if (/^(0|no|false|off)$/.test(value)) return false
    return this.fail(key, `${key} is 1 or 0, not ${value}`)
  }

  choice<const Word extends string>(key: string, among: readonly [Word, ...Word[]]): Word {
    const value = this.text(key)
    if (value === undefined) return among[0]
    return among.find((word) => word === value) ?? this.fail(key, `${key} is ${among.join(' or ')}, not ${value}`)
  }

  /** An address of a kind that can be fetched, without user and password, which are noted; a path is one of this machine. */
  address(key: string, given: string): string {
    const text = given.startsWith('/') ? pathToFileURL(given).href : given
    if (!URL.canParse(text)) return this.fail(key, `${key} has a word that is no address`)
    if (text.includes('#')) this.fail(key, 'A # in an address ends it: write it as %23')
    const url = new URL(text)
    const { protocol, origin, pathname } = url
    if (/%(?![0-9A-Fa-f]{2})/.test(pathname)) this.fail(key, 'A % in an address is written as %25')
    if (!['http:', 'https:', 'file:'].includes(protocol)) {
      this.fail(key, `${protocol}// is not supported; use https://, http:// or file://`)
    }
    const credentials = credentialsIn(url)
    if (credentials === undefined) return text
    if (protocol !== 'https:') {
      this.fail(key, 'A user and a password in an address would be sent in clear text: use an https:// address')
    }
    this.login ??= { key, origin, credentials }
    const { user, password } = this.login.credentials
    if (origin !== this.login.origin || user !== credentials.user || password !== credentials.password) {
      this.fail(key, 'Addresses of one section have one user and password, for one host')
    }
    url.username = url.password = ''
    return url.href
  }
}

function unquoted(text: string): string {
  return text.replace(/^(["'])([^"']*)\1$/, '$2')
}
