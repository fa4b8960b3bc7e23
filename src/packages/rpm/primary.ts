/**
 * `primary.xml`: every package of a repository, as XML that streams through. Summaries, requirements and the like are
 * never held in memory. A package whose name, version, location or checksum is malformed is refused: it could lead out
 * of the store, or could not be verified.
 */
import { type Checksums, checksumsIn, identityOf, NO_CHECKSUM } from '../format/checksums.ts'
import { count } from '../../text/count.ts'
import { FetchError } from '../format/error.ts'
import type { IndexedPackage } from '../format/index_entry.ts'
import { type Location, locationIn, NOWHERE, placeAt } from './locations.ts'
import { isDebugName } from './naming.ts'
import { parseXml } from './xml.ts'

/** What an index says of one package, as it is read. */
interface Draft {
  name: string
  architecture: string
  version: string
  checksums: Checksums
  /** Kinds that count as none. */
  otherKinds: string[]
  size: string
  location: Location
  sourceRpm: string
  buildIds: string[]
}

const MAX_BUILD_IDS = 100_000
/** `debuginfo(build-id)` of a dwz file that has none is 'nilnil'. */
const BUILD_ID = /^([0-9a-f]{2}){4,64}$/

/**
 * Every well-formed package, in batches. `refuse` is called for each other one, with the name that it gives itself; `mirrors`:
 * where the repository is. `warn` hears of a number of packages that is another than the one announced; none of those
 * announced is an error.
 */
export async function* readPrimary(
  text: AsyncIterable<Uint8Array>,
  { mirrors, refuse, warn = () => undefined }: {
    mirrors: readonly string[]
    refuse: (name: string, why: string) => void
    warn?: (message: string) => void
  },
): AsyncGenerator<IndexedPackage[]> {
  let found: IndexedPackage[] = []
  let draft = emptyDraft()
  let checksumType: string | undefined
  let isProvides = false
  let announced: number | undefined
  let seen = 0
  const handlers = {
    open(name: string, attributes: Record<string, string>) {
      switch (name) {
        case 'metadata':
          announced = /^[0-9]{1,15}$/.test(attributes.packages ?? '') ? Number(attributes.packages) : undefined
          break
        case 'package':
          seen++
          draft = emptyDraft()
          break
        case 'version':
          draft.version = versionOf(attributes) ?? ''
          break
        case 'checksum':
          checksumType = attributes.type
          break
        case 'size':
          draft.size = attributes.package ?? ''
          break
        case 'location':
          draft.location = locationIn(attributes)
          break
        case 'rpm:provides':
          isProvides = true
          break
        case 'rpm:entry':
          if (isProvides && attributes.name === 'debuginfo(build-id)' && draft.buildIds.length < MAX_BUILD_IDS) {
            const id = (attributes.ver ?? '').toLowerCase()
            if (BUILD_ID.test(id)) draft.buildIds.push(id)
          }
      }
    },
    close(name: string, value: string) {
      switch (name) {
        case 'name':
          draft.name = value
          break
        case 'arch':
          draft.architecture = value
          break
        case 'checksum':
          takeChecksum(draft, checksumType ?? '', value)
          break
        case 'rpm:sourcerpm':
          draft.sourceRpm = value
          break
        case 'rpm:provides':
          isProvides = false
          break
        case 'package': {
          const read = packageOf(draft, mirrors)
          if (typeof read === 'string') refuse(draft.name, read)
          else found.push(read)
        }
      }
    },
  }
  for await (const _ of parseXml(text, { what: 'primary.xml', handlers })) {
    yield found
    found = []
  }
  if (announced === undefined || announced === seen) return
  const message = `primary.xml announces ${count(announced, 'package')} and has ${seen}`
  if (seen === 0) throw new FetchError('malformed', message)
  warn(message)
}

function takeChecksum(draft: Draft, kind: string, value: string): void {
  const own = checksumsIn({ [kind.toLowerCase()]: value })
  if (identityOf(own) === undefined) draft.otherKinds.push(kind.slice(0, 20))
  else draft.checksums = { ...draft.checksums, ...own }
}

function emptyDraft(): Draft {
  return {
    name: '',
    architecture: '',
    version: '',
    checksums: {},
    otherKinds: [],
    size: '',
    location: NOWHERE,
    sourceRpm: '',
    buildIds: [],
  }
}

/** `[epoch:]version-release` of a `version` element, an epoch of 0 or none left away; undefined when it is none. */
export function versionOf({ epoch = '', ver = '', rel = '' }: Record<string, string>): string | undefined {
  if (!/^[0-9]{0,10}$/.test(epoch) || !isVersion(ver) || !isVersion(rel)) return undefined
  return Number(epoch) === 0 ? `${ver}-${rel}` : `${Number(epoch)}:${ver}-${rel}`
}

function isVersion(text: string): boolean {
  return text.length <= 200 && /^[A-Za-z0-9][A-Za-z0-9._+~^]*$/.test(text)
}

/** The package, or the reason why it is refused. */
function packageOf(draft: Draft, mirrors: readonly string[]): IndexedPackage | string {
  const { name, architecture, version, checksums, size, location } = draft
  if (name.length > 200 || !/^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/.test(name)) return 'its name is none'
  if (version === '') return 'its version is none'
  if (!/^[A-Za-z0-9_]{1,40}$/.test(architecture)) return 'its architecture is none'
  const found = placeAt(location, { mirrors, isEncoded: true })
  if ('fault' in found) return `its location ${found.fault}`
  if (identityOf(checksums) === undefined) {
    return `the index has ${NO_CHECKSUM} for it${
      draft.otherKinds.length > 0 ? `, but ${draft.otherKinds.join(', ')}` : ''
    }`
  }
  return {
    name,
    version,
    architecture,
    ...sourceOf(draft.sourceRpm, { name, version }),
    isDebug: isDebugName(name),
    // dnf takes one without: its checksum is what counts.
    size: /^[0-9]{1,15}$/.test(size) ? Number(size) : 0,
    checksums,
    path: found.place,
    buildIds: draft.buildIds,
  }
}

/** `bash-5.2.26-3.fc40.src.rpm`: the version of a source has no epoch here, for all packages that it made alike. */
function sourceOf(file: string, own: { name: string; version: string }) {
  const match = /^(.{1,200})-([^-]{1,200})-([^-]{1,200})\.(no)?src\.rpm$/.exec(file)
  const [, source, version = '', release = ''] = match ?? []
  if (source === undefined || !/^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/.test(source)) {
    return { source: own.name, sourceVersion: own.version }
  }
  return { source, sourceVersion: `${version}-${release}` }
}
