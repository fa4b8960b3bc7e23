/**
 * `.sources` files (sources.list(5), deb822 style) with our keys `X-Retrace-Release`, `X-Retrace-Fetch`,
 * `X-Retrace-Superseded`, `X-Retrace-Source-URL`, and those of `connection.ts`. One RepositorySpec per address and suite. A contradiction is an
 * error with file and line; an unknown key is a warning.
 */
import { architectureNamed } from '../../elf/architecture.ts'
import { UsageError } from '../../errors/usage_error.ts'
import type { Configured } from '../format/format.ts'
import { faultOfPlace, placeOf } from '../format/place.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import { faultOfSourceUrl } from '../format/source_url.ts'
import type { Trust } from '../format/trust.ts'
import { faultOfConfigured } from '../release/release_id.ts'
import { addressOf, CONNECTION_KEYS, connectionOf } from './connection.ts'
import { type Field, parseStanzas, type Stanza } from './deb822.ts'
import type { DebOptions } from './options.ts'

/** apt's keys that change nothing here: we read no translations, no diffs, and only what we ask for. */
const WITHOUT_EFFECT = new Set([
  'languages',
  'languages-add',
  'languages-remove',
  'targets',
  'targets-add',
  'targets-remove',
  'pdiffs',
  'description',
  'snapshot',
])
/** What a stanza that names none is for. */
const USUAL_ARCHITECTURE = 'amd64'
const DATE_KEYS = ['check-date', 'date-max-future', 'valid-until-min', 'valid-until-max'] as const
const KNOWN = new Set<string>([
  'types',
  'uris',
  'suites',
  'components',
  'architectures',
  'architectures-add',
  'architectures-remove',
  'signed-by',
  'enabled',
  'check-valid-until',
  ...DATE_KEYS,
  'by-hash',
  'inrelease-path',
  'x-retrace-release',
  'x-retrace-fetch',
  'x-retrace-superseded',
  'x-retrace-source-url',
  ...CONNECTION_KEYS,
])

/** Reads a file's text. A stanza that cannot be read costs itself: it is one of the `faults`. */
export function readSources(file: string, text: string): Configured {
  const found: Configured = { repositories: [], warnings: [], faults: [] }
  for (const stanza of parseStanzas(text)) {
    const reader = { file, stanza, fail: failer(file, stanza) }
    try {
      if (stanza.fault !== undefined) throw new UsageError(`${file}:${stanza.fault.line}: ${stanza.fault.message}`)
      if (!boolean(reader, 'enabled', true)) continue
      if (!typesOf(reader).includes('deb')) continue
      found.warnings.push(...stanza.warnings.map(({ line, message }) => `${file}:${line}: ${message}`))
      found.warnings.push(...unknownKeys(file, stanza))
      found.repositories.push(...repositoriesOf(reader, (warning) => found.warnings.push(warning)))
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      found.faults.push(error.message)
    }
  }
  return found
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
      warnings.push(
        `${file}:${line}: ${name} has no effect: signatures and checksums (SHA256, SHA512) are always checked`,
      )
    } else if (!KNOWN.has(name) && !WITHOUT_EFFECT.has(name) && !isOfOthers(name)) {
      warnings.push(`${file}:${line}: the key ${name} is not known and has no effect`)
    }
  }
  return warnings
}

/** Fields of other programs, like `X-Repolib-Name`, which apt passes over. */
function isOfOthers(name: string): boolean {
  return name.startsWith('x-') && !name.startsWith('x-retrace')
}

function repositoriesOf(reader: Reader, warn: (message: string) => void): RepositorySpec[] {
  const { file, stanza, fail } = reader
  const connection = connectionOf((key) => stanza.fields.get(key)?.value, fail)
  const suites = required(reader, 'suites', 'Suites')
  const components = words(reader, 'components')
  for (const suite of suites) assertSuite(suite, { components, fail })
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
    release: releaseOf(reader),
    signedBy: trustOf(reader),
    fetch: choice(reader, 'x-retrace-fetch', ['on-demand', 'full'] as const),
    superseded: choice(reader, 'x-retrace-superseded', ['keep', 'one-week'] as const),
    sourceUrl: sourceUrlOf(reader),
    checkValidUntil: boolean(reader, 'check-valid-until', true),
    byHash: byHashOf(reader),
    own: {
      checkDate: boolean(reader, 'check-date', true),
      dateMaxFuture: seconds(reader, 'date-max-future'),
      validUntilMin: seconds(reader, 'valid-until-min'),
      validUntilMax: seconds(reader, 'valid-until-max'),
      inReleasePath: inReleasePathOf(reader),
    } satisfies Omit<DebOptions, 'isMirrorList'>,
  }
  const all = architecturesOf(reader, warn)
  const specs: RepositorySpec[] = []
  for (const text of required(reader, 'uris', 'URIs')) {
    for (const suite of suites) {
      for (const architectures of togetherFor(`${text} ${suite}`, all)) {
        const own = (template: string) => template.replaceAll(ARCH, architectures[0] ?? '')
        const { uri, credentials, isMirrorList } = addressOf(own(text), connection, fail)
        specs.push({
          ...common,
          uri,
          suite: own(suite),
          architectures,
          connection: { ...connection, credentials },
          own: { ...common.own, isMirrorList },
        })
      }
    }
  }
  return specs
}

/** apt's word for the machine's architecture in addresses and suites. */
const ARCH = '$(ARCH)'

/** The architectures that an address and a suite are for: all at once, or each its own. */
function togetherFor(template: string, architectures: string[]): string[][] {
  return template.includes(ARCH) ? architectures.map((architecture) => [architecture]) : [architectures]
}

function assertSuite(suite: string, { components, fail }: Pick<Reader, 'fail'> & { components: string[] }): void {
  if (/(^|\/)\.\.(\/|$)/.test(suite) || suite.startsWith('/') && suite !== '/') fail('suites', `${suite} is no suite`)
  if (suite.includes('://')) fail('suites', 'An address stands where a suite should be')
  if (suite.endsWith('/') && components.length > 0) {
    fail('components', `The suite ${suite} is a path, which has no Components; leave them away`)
  }
  if (!suite.endsWith('/') && components.length === 0) fail('suites', `The suite ${suite} needs Components`)
}

/** Debian has more architectures than are known here: those are passed over while another one is left. */
function architecturesOf(reader: Reader, warn: (message: string) => void): string[] {
  const named = askedArchitectures(reader)
  const known = new Set(named.filter((name) => architectureNamed(name) === name))
  const others = named.filter((name) => !known.has(name)).map((name) => {
    const own = architectureNamed(name)
    return own === undefined ? name : `${name} (in Debian's words ${own})`
  })
  if (named.length === 0) reader.fail('architectures-remove', 'No architecture is left')
  const message = `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} none of Debian's names known here`
  if (known.size === 0) reader.fail('architectures', message)
  const line = reader.stanza.fields.get('architectures')?.line ?? reader.stanza.line
  if (others.length > 0) warn(`${reader.file}:${line}: ${message}, and passed over`)
  return [...known]
}

/** apt's -Add and -Remove change what is asked for without them; its lists may have commas between the words, too. */
function askedArchitectures({ stanza }: Reader): string[] {
  const list = (name: string) => (stanza.fields.get(name)?.value ?? '').split(/[\s,]+/).filter((word) => word !== '')
  const given = list('architectures')
  const removed = list('architectures-remove')
  const all = [...(given.length === 0 ? [USUAL_ARCHITECTURE] : given), ...list('architectures-add')]
  return all.filter((name) => !removed.includes(name))
}

function releaseOf(reader: Reader): string | undefined {
  const value = reader.stanza.fields.get('x-retrace-release')?.value
  const fault = value === undefined ? undefined : faultOfConfigured(value)
  if (fault !== undefined) reader.fail('x-retrace-release', `X-Retrace-Release ${fault}`)
  return value
}

function sourceUrlOf({ stanza, fail }: Reader): string | undefined {
  const value = stanza.fields.get('x-retrace-source-url')?.value
  const fault = value === undefined ? undefined : faultOfSourceUrl(value)
  return fault === undefined ? value : fail('x-retrace-source-url', `X-Retrace-Source-URL ${fault}`)
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

function inReleasePathOf({ stanza, fail }: Reader): string | undefined {
  const value = stanza.fields.get('inrelease-path')?.value
  if (value === undefined || value === '') return undefined
  const fault = faultOfPlace(value)
  return fault === undefined ? placeOf(value) : fail('inrelease-path', `InRelease-Path ${fault}`)
}

/** An amount that is not there or 0 is none, as apt has it. */
function seconds({ stanza, fail }: Reader, name: string): number | undefined {
  const value = stanza.fields.get(name)?.value
  if (value === undefined || value === '') return undefined
  if (!/^[0-9]{1,10}$/.test(value)) return fail(name, `${name} is a number of seconds, not ${value}`)
  return Number(value) || undefined
}

function choice<const Word extends string>({ stanza, fail }: Reader, name: string, among: readonly [Word, ...Word[]]) {
  const value = stanza.fields.get(name)?.value
  if (value === undefined) return among[0]
  return among.find((word) => word === value) ?? fail(name, `${name} is ${among.join(' or ')}, not ${value}`)
}
