/**
 * `Packages`: the index of a component, as text that streams through. Owns which fields count, and where a stanza ends,
 * both as apt reads it; descriptions, dependencies and the rest are never held. Refuses a package whose name, version or
 * path is none, since it could lead out of the store, and one that nothing could verify.
 */
import { checksumsIn, identityOf, NO_DEBIAN_CHECKSUM } from '../format/checksums.ts'
import type { IndexedPackage } from '../format/index_entry.ts'
import { faultOfPlace, placeOf } from '../format/place.ts'
import { lines } from './lines.ts'
import { isDebugName } from './naming.ts'

const FIELDS = new Set([
  'package',
  'source',
  'version',
  'architecture',
  'section',
  'auto-built-package',
  'filename',
  'size',
  'sha256',
  'sha512',
  'build-ids',
])

type Fields = Record<string, string>

/** A stanza while it is read. */
interface Draft {
  fields: Fields
  /** Of a line that has begun, when it counts. */
  current: string | undefined
  isEmpty: boolean
  /** Two stanzas with no empty line between them, most likely: whose fields are whose, nobody can say. */
  hasSecondPackage: boolean
}

/** A package, or why it is none. */
export type ReadPackage = { package: IndexedPackage } | { name: string; fault: string }

/** Every stanza, in batches. */
export async function* readPackages(text: AsyncIterable<Uint8Array>): AsyncGenerator<ReadPackage[]> {
  let draft = emptyDraft()
  let hasText = false
  let hasStanza = false
  for await (const batch of lines(text)) {
    const found: ReadPackage[] = []
    for (const line of batch) {
      if (line !== '') {
        hasText = true
        takeLine(line, draft)
      } else if (!draft.isEmpty) {
        hasStanza = true
        found.push(readDraft(draft))
        draft = emptyDraft()
      }
    }
    yield found
  }
  if (!draft.isEmpty) yield [readDraft(draft)]
  else if (hasText && !hasStanza) yield [{ name: '(no name)', fault: 'the index holds comments alone' }]
}

function emptyDraft(): Draft {
  return { fields: {}, current: undefined, isEmpty: true, hasSecondPackage: false }
}

function takeLine(line: string, draft: Draft): void {
  const first = line.charCodeAt(0)
  if (first === 35) return
  draft.isEmpty = false
  if (first === 32 || first === 9) {
    const { current, fields } = draft
    if (current !== undefined) fields[current] = `${fields[current]} ${line.trim()}`.trimStart()
    return
  }
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase()
  draft.current = FIELDS.has(name) ? name : undefined
  if (draft.current === undefined) return
  if (name === 'package' && draft.fields.package !== undefined) draft.hasSecondPackage = true
  else draft.fields[name] = line.slice(colon + 1).trim()
}

function readDraft({ fields, hasSecondPackage }: Draft): ReadPackage {
  const name = fields.package ?? '(no name)'
  if (hasSecondPackage) return { name, fault: 'its stanza has a second Package field' }
  const read = readPackage(fields)
  return typeof read === 'string' ? { name, fault: read } : { package: read }
}

/** The package, or why it is none. */
export function readPackage(fields: Fields): IndexedPackage | string {
  const { package: name, version, architecture, filename: path, size } = fields
  if (name === undefined) return 'it has no Package field'
  if (!isName(name)) return 'its name is none'
  if (version === undefined) return 'it has no version'
  if (!isVersion(version)) return 'its version is none'
  if (architecture === undefined) return 'it has no architecture'
  if (!/^[a-z0-9][a-z0-9-]*$/.test(architecture)) return 'its architecture is none'
  if (path === undefined) return 'it has no path (Filename)'
  const fault = faultOfPlace(path, { isEncoded: true })
  if (fault !== undefined) return `its path ${fault}`
  const checksums = checksumsIn(fields)
  if (identityOf(checksums) === undefined) return `the index has ${NO_DEBIAN_CHECKSUM} for it`
  if (size === undefined) return 'it has no size'
  if (!/^[0-9]{1,15}$/.test(size)) return 'its size is none'
  const source = sourceOf(fields.source, name, version)
  if (source === undefined) return 'its source is none'
  return {
    name,
    version,
    architecture,
    ...source,
    isDebug: isDebugName(name) || fields['auto-built-package'] === 'debug-symbols',
    size: Number(size),
    checksums,
    path: placeOf(path),
    buildIds: (fields['build-ids'] ?? '').toLowerCase().split(/\s+/).filter((id) => /^([0-9a-f]{2}){4,32}$/.test(id)),
  }
}

/** `glibc`, `libffi (3.4.4-1)`, or nothing when it is called like the package. */
function sourceOf(field: string | undefined, name: string, version: string) {
  if (field === undefined || field === '') return { source: name, sourceVersion: version }
  const match = /^([a-z0-9][a-z0-9+._-]*)(?:\s+\(([^)\s]+)\))?$/i.exec(field)
  if (match?.[1] === undefined) return undefined
  const sourceVersion = match[2] ?? version
  return isVersion(sourceVersion) ? { source: match[1], sourceVersion } : undefined
}

/** What dpkg takes for one. */
function isName(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(text)
}

/** dpkg takes no underscore in it; apt does, and packages of vendors have one. */
function isVersion(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9.+:~_-]*$/.test(text)
}
