/**
 * `Packages`: the index of a component, as text that streams through. Owns which fields count; descriptions,
 * dependencies and the rest are never held. Refuses a package whose name, version, path or SHA256 is none: it could
 * lead out of the store, or could not be verified.
 */
import { faultOfPlace, placeOf } from '../format/place.ts'
import type { IndexedPackage } from '../format/index_entry.ts'
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
  'build-ids',
])

type Fields = Record<string, string>

/** Every well-formed package, in batches. `refuse` hears of each that is not, by the name that it gives itself. */
export async function* readPackages(
  text: AsyncIterable<Uint8Array>,
  refuse: (name: string, why: string) => void,
): AsyncGenerator<IndexedPackage[]> {
  let fields: Fields = {}
  let current: string | undefined
  for await (const batch of lines(text)) {
    const found: IndexedPackage[] = []
    for (const line of batch) {
      if (line === '') {
        take(fields, found, refuse)
        fields = {}
        current = undefined
        continue
      }
      const first = line.charCodeAt(0)
      if (first === 32 || first === 9) {
        if (current !== undefined) fields[current] += ` ${line.trim()}`
        continue
      }
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      current = FIELDS.has(name) ? name : undefined
      if (current !== undefined) fields[current] = line.slice(colon + 1).trim()
    }
    yield found
  }
  const last: IndexedPackage[] = []
  take(fields, last, refuse)
  yield last
}

function take(fields: Fields, found: IndexedPackage[], refuse: (name: string, why: string) => void): void {
  const name = fields.package
  if (name === undefined) return
  const read = readPackage(fields)
  if (typeof read === 'string') refuse(name, read)
  else found.push(read)
}

/** The package, or why it is none. */
export function readPackage(fields: Fields): IndexedPackage | string {
  const { package: name = '', version = '', architecture = '', filename: path = '', sha256 = '', size = '' } = fields
  if (!isName(name)) return 'its name is none'
  if (!isVersion(version)) return 'its version is none'
  if (!/^[a-z0-9][a-z0-9-]*$/.test(architecture)) return 'its architecture is none'
  const fault = faultOfPlace(path)
  if (fault !== undefined) return `its path ${fault}`
  if (!/^[0-9a-fA-F]{64}$/.test(sha256)) return 'the index has no SHA256 for it'
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
    sha256: sha256.toLowerCase(),
    path: placeOf(path),
    buildIds: (fields['build-ids'] ?? '').toLowerCase().split(/\s+/).filter((id) => /^([0-9a-f]{2}){4,32}$/.test(id)),
  }
}

/** `glibc`, `libffi (3.4.4-1)`, or nothing when it is called like the package. */
function sourceOf(field: string | undefined, name: string, version: string) {
  if (field === undefined || field === '') return { source: name, sourceVersion: version }
  const match = /^([a-z0-9][a-z0-9+.-]*)(?:\s+\(([^)\s]+)\))?$/i.exec(field)
  if (match?.[1] === undefined) return undefined
  const sourceVersion = match[2] ?? version
  return isVersion(sourceVersion) ? { source: match[1], sourceVersion } : undefined
}

function isName(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9+.-]*$/.test(text)
}

function isVersion(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/.test(text)
}
