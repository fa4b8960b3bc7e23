/**
 * What the text members of an upload may hold (docs/http.md, 'POST /create', last table). Pure; every rule takes time
 * linear in the member. Whether a release or a package exists plays no part.
 */
import { RetraceError } from '../errors/errors.ts'
import { controlIn, quote } from '../text/escape.ts'
import { isNevra, NEVRA_SPELLINGS } from '../packages/format/dashes.ts'
import { NAMINGS } from '../packages/naming/namings.ts'
import { memberValue, packageLines } from '../task/manifest.ts'

const MAX_RELEASE = 200
const MAX_PATH = 4096

const alternatives = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/** A rule says what is wrong with a member's value, as the end of a sentence that begins with its name; or nothing. */
type Rule = (value: string) => string | undefined

const RULES: Readonly<Record<string, Rule>> = {
  architecture: checkArchitecture,
  release: checkRelease,
  os_release: checkOsRelease,
  os_release_in_rootdir: checkOsRelease,
  packages: checkPackages,
  package: checkPackage,
  executable: checkPath,
  rootdir: checkPath,
}

/** Throws bad-content, naming the member, unless `content` is text and reads as its member must. */
export function checkText(member: string, content: Uint8Array): void {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch (cause) {
    throw badContent(member, 'is not UTF-8', cause)
  }
  const control = controlIn(text, '\t\r\n')
  if (control !== undefined) throw badContent(member, `holds a control character (${quote(control)})`)
  const fault = RULES[member]?.(memberValue(text))
  if (fault !== undefined) throw badContent(member, fault)
}

function checkArchitecture(value: string): string | undefined {
  if (/^[A-Za-z0-9_]{1,32}$/.test(value)) return undefined
  return describe(value, 'is one word, as `uname -m` prints it (x86_64)')
}

/** A release id, or at least two words: what the release file or PRETTY_NAME says. */
function checkRelease(value: string): string | undefined {
  const isShort = value.length <= MAX_RELEASE && !/[\r\n]/.test(value)
  const words = value.split(/[ \t]+/)
  if (isShort && words.length === 1 && /^[a-z][a-z0-9._-]*$/.test(value)) return undefined
  if (isShort && words.length > 1 && words.every((word) => /^[A-Za-z0-9._+:/(),'"-]+$/.test(word))) return undefined
  return describe(
    value,
    `is one line of at most ${MAX_RELEASE} characters, such as 'debian-12' or 'Fedora release 40 (Forty)'`,
  )
}

function checkOsRelease(value: string): string | undefined {
  const lines = value.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const isOsRelease = lines.length > 0 && lines.every((line) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(line))
  return isOsRelease ? undefined : checkRelease(value)
}

function checkPackages(value: string): string | undefined {
  const wrong = packageLines(value).find((line) => !NAMINGS.some((naming) => naming.isSpelling(line)))
  const spellings = NAMINGS.flatMap((naming) => naming.spellings)
  return wrong === undefined
    ? undefined
    : describe(wrong, `has one package a line: ${alternatives.format(spellings)}`, 'the line ')
}

/** What ABRT's client calls the package whose program crashed, on every distribution. */
function checkPackage(value: string): string | undefined {
  return isNevra(value) ? undefined : describe(value, `is ${alternatives.format(NEVRA_SPELLINGS)}`)
}

function checkPath(value: string): string | undefined {
  if (value.startsWith('/') && value.length <= MAX_PATH && !/[\r\n]/.test(value)) return undefined
  return describe(value, 'is one absolute path')
}

function describe(value: string, rule: string, what = ''): string {
  return value === '' ? `is empty, and ${rule}` : `cannot be read (${what}'${quote(value)}'): it ${rule}`
}

function badContent(member: string, fault: string, cause?: unknown): RetraceError {
  return new RetraceError('bad-content', { detail: `The member '${member}' ${fault}`, cause })
}
