/**
 * `.sources` files (sources.list(5), deb822 style) with our keys `X-Retrace-Release`, `X-Retrace-Fetch`,
 * `X-Retrace-Superseded`, and those of `connection.ts`. One RepositorySpec per address and suite. A contradiction is an
 * error with file and line; an unknown key is a warning.
 */
import { architectureNamed } from '../../elf/architecture.ts'
import { UsageError } from '../../errors/usage_error.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { Trust } from '../format/trust.ts'
import { faultOfConfigured } from '../release/release_id.ts'
import { addressOf, CONNECTION_KEYS, connectionOf } from './connection.ts'
import { type Field, parseStanzas, type Stanza, SyntaxFault } from './deb822.ts'

/** apt's keys that change nothing here: we read no translations, no diffs, and only what we ask for. */
const WITHOUT_EFFECT = new Set([
  'languages',
  'targets',
  'pdiffs',
  'description',
  'check-date',
  'date-max-future',
  'valid-until-min',
  'valid-until-max',
  'inrelease-path',
  'snapshot',
  'x-repolib-name',
  'x-repolib-id',
])
const KNOWN = new Set<string>([
  'types',
  'uris',
  'suites',
  'components',
  'architectures',
  'signed-by',
  'enabled',
  'check-valid-until',
  'by-hash',
  'x-retrace-release',
  'x-retrace-fetch',
  'x-retrace-superseded',
  ...CONNECTION_KEYS,
])

/** Reads a file's text. Throws UsageError. */
export function readSources(file: string, text: string): { repositories: RepositorySpec[]; warnings: string[] } {
  const warnings: string[] = []
  const repositories: RepositorySpec[] = []
  for (const stanza of stanzasOf(file, text)) {
    const reader = { file, stanza, fail: failer(file, stanza) }
    if (!boolean(reader, 'enabled', true)) continue
    if (!typesOf(reader).includes('deb')) continue
    warnings.push(...unknownKeys(file, stanza))
    repositories.push(...repositoriesOf(reader))
  }
  return { repositories, warnings }
}

function typesOf(reader: Reader): string[] {
  const types = required(reader, 'types', 'Types')
  const other = types.find((type) => type !== 'deb' && type !== 'deb-src')
  if (other !== undefined) reader.fail('types', `Types is deb or deb-src, not ${other}`)
  return types
}

interface Reader {
  file: string
  stanza: Stanza
  fail(field: string | undefined, message: string): never
}

function stanzasOf(file: string, text: string): Stanza[] {
  try {
    return parseStanzas(text)
  } catch (error) {
    if (error instanceof SyntaxFault) throw new UsageError(`${file}:${error.line}: ${error.message}`, { cause: error })
    throw error
  }
}

function failer(file: string, stanza: Stanza) {
  return (field: string | undefined, message: string): never => {
    const line = (field === undefined ? undefined : stanza.fields.get(field)?.line) ?? stanza.line
    throw new UsageError(`${file}:${line}: ${message}`)
  }
}

function unknownKeys(file: string, { fields }: Stanza): string[] {
  const warnings: string[] = []
  for (const [name, { line }] of fields) {
    if (name === 'trusted' || name.startsWith('allow-')) {
      warnings.push(`${file}:${line}: ${name} has no effect: signatures and SHA256 are always checked`)
    } else if (!KNOWN.has(name) && !WITHOUT_EFFECT.has(name)) {
      warnings.push(`${file}:${line}: the key ${name} is not known and has no effect`)
    }
  }
  return warnings
}

function repositoriesOf(reader: Reader): RepositorySpec[] {
  const { file, stanza, fail } = reader
  const connection = connectionOf((key) => stanza.fields.get(key)?.value, fail)
  const addresses = required(reader, 'uris', 'URIs').map((uri) => addressOf(uri, connection, fail))
  const suites = required(reader, 'suites', 'Suites')
  const components = words(reader, 'components')
  for (const suite of suites) {
    if (/(^|\/)\.\.(\/|$)/.test(suite) || suite.startsWith('/') && suite !== '/') fail('suites', `${suite} is no suite`)
    if (suite.endsWith('/') && components.length > 0) {
      fail('components', `The suite ${suite} is a path, which has no Components; leave them away`)
    }
    if (!suite.endsWith('/') && components.length === 0) fail('suites', `The suite ${suite} needs Components`)
  }
  for (const component of components) {
    if (!/^[A-Za-z0-9][A-Za-z0-9+._/-]*$/.test(component) || component.includes('..')) {
      fail('components', `${component} is no component`)
    }
  }
  const common = {
    format: 'deb',
    file,
    line: stanza.line,
    components,
    architectures: architecturesOf(reader),
    release: releaseOf(reader),
    signedBy: trustOf(reader),
    fetch: choice(reader, 'x-retrace-fetch', ['on-demand', 'full'] as const),
    superseded: choice(reader, 'x-retrace-superseded', ['keep', 'one-week'] as const),
    checkValidUntil: boolean(reader, 'check-valid-until', true),
    byHash: byHashOf(reader),
  }
  return addresses.flatMap(({ uri, credentials }) =>
    suites.map((suite) => ({ ...common, uri, suite, connection: { ...connection, credentials } }))
  )
}

function architecturesOf(reader: Reader): string[] {
  const named = words(reader, 'architectures')
  for (const name of named) {
    if (architectureNamed(name) !== name) reader.fail('architectures', `${name} is none of Debian's names known here`)
  }
  return named.length > 0 ? [...new Set(named)] : ['amd64']
}

function releaseOf(reader: Reader): string | undefined {
  const value = reader.stanza.fields.get('x-retrace-release')?.value
  const fault = value === undefined ? undefined : faultOfConfigured(value)
  if (fault !== undefined) reader.fail('x-retrace-release', `X-Retrace-Release ${fault}`)
  return value
}

/** Signed-By: paths, fingerprints, or a key itself over several lines (sources.list(5)). */
function trustOf(reader: Reader): Trust {
  const field: Field | undefined = reader.stanza.fields.get('signed-by')
  const trust: Trust = { files: [], inline: [], fingerprints: [] }
  if (field === undefined || field.value === '') return trust
  if (field.value.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
    trust.inline.push(field.value.trim())
    return trust
  }
  for (const word of field.value.split(/[\s,]+/)) {
    if (word.startsWith('/')) trust.files.push(word)
    else if (/^[0-9A-Fa-f]{40}([0-9A-Fa-f]{24})?!?$/.test(word)) {
      trust.fingerprints.push(word.toUpperCase())
    } else reader.fail('signed-by', `Signed-By is an absolute path, a fingerprint, or a key; ${word} is none of them`)
  }
  return trust
}

function byHashOf(reader: Reader): 'yes' | 'no' | 'force' {
  if (reader.stanza.fields.get('by-hash')?.value.toLowerCase() === 'force') return 'force'
  return boolean(reader, 'by-hash', true) ? 'yes' : 'no'
}

function words({ stanza }: Reader, name: string): string[] {
  return (stanza.fields.get(name)?.value ?? '').split(/\s+/).filter((word) => word !== '')
}

function required(reader: Reader, name: string, shownName: string): string[] {
  const found = words(reader, name)
  if (found.length === 0) reader.fail(name, `The stanza has no ${shownName}`)
  return found
}

function boolean({ stanza, fail }: Reader, name: string, fallback: boolean): boolean {
  const value = stanza.fields.get(name)?.value.toLowerCase()
  if (value === undefined || value === '') return fallback
  if (/^(yes|true|1|on|with|enable)$/.test(value)) return true
  if (/^(no|false|0|off|without|disable)$/.test(value)) return false
  return fail(name, `${name} is yes or no, not ${value}`)
}

function choice<const Word extends string>({ stanza, fail }: Reader, name: string, among: readonly [Word, ...Word[]]) {
  const value = stanza.fields.get(name)?.value
  if (value === undefined) return among[0]
  return among.find((word) => word === value) ?? fail(name, `${name} is ${among.join(' or ')}, not ${value}`)
}
