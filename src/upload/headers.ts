/**
 * POST /create, decided from the request's headers alone, before a byte of the body is read: what the upload is, or why
 * it is refused, in the order of the first table of docs/http.md, 'POST /create'. Pure. HTTPS and the method are the
 * server's to check, capacity and free space come after.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { quote } from '../text/escape.ts'
import type { ManifestKind } from '../task/manifest.ts'
import { MAX_ROUNDS } from '../task/rounds.ts'
import { MIB } from '../units/bytes.ts'

export type Encoding = 'none' | 'gzip' | 'xz' | 'zstd'

/** What the headers announce. */
export interface UploadPlan {
  manifest: ManifestKind
  packaging: 'tar' | 'core'
  encoding: Encoding
  /** Bytes of the body. */
  contentLength: number
  /** How often the client would send memory that a slim core lacks (X-Task-Rounds); undefined: never. */
  rounds?: number
}

/** The headers of a request by name, as `Headers` has them. */
export interface RequestHead {
  get(name: string): string | null
}

/** Every type that carries a tar: how it is compressed, and whose manifest it has unless X-Task-Type says ABRT's. */
const TAR_TYPES: Readonly<Record<string, { encoding: Encoding; manifest: 'design' | 'abrt' }>> = {
  'application/x-tar': { encoding: 'none', manifest: 'design' },
  'application/x-gzip': { encoding: 'gzip', manifest: 'design' },
  'application/gzip': { encoding: 'gzip', manifest: 'design' },
  'application/x-xz': { encoding: 'xz', manifest: 'design' },
  'application/zstd': { encoding: 'zstd', manifest: 'design' },
  'application/x-xz-compressed-tar': { encoding: 'xz', manifest: 'abrt' },
  'application/x-compressed-tar': { encoding: 'gzip', manifest: 'abrt' },
}
const CORE_TYPES = ['application/x-core', 'application/octet-stream']
const CORE_ENCODINGS: Readonly<Record<string, Encoding>> = { gzip: 'gzip', 'x-gzip': 'gzip', xz: 'xz', zstd: 'zstd' }

/** What a core that is sent alone may be packed by. */
export const CORE_CODINGS: readonly Encoding[] = [...new Set(Object.values(CORE_ENCODINGS))]

/** All content types that /create takes, as the 415 and /settings list them. */
export const CONTENT_TYPES: readonly string[] = [...Object.keys(TAR_TYPES), ...CORE_TYPES]

/** The headers with which an upload of this kind is sent, as a sentence has them; undefined: it cannot be. */
export function headersFor(manifest: ManifestKind, encoding: Encoding): string | undefined {
  if (manifest === 'bare') {
    return `'Content-Type: application/x-core'${encoding === 'none' ? '' : ` and 'Content-Encoding: ${encoding}'`}`
  }
  const rows = Object.entries(TAR_TYPES).filter(([, row]) => row.encoding === encoding)
  const [type] = rows.find(([, row]) => row.manifest === manifest) ?? rows[0] ?? []
  const isOther = type !== undefined && TAR_TYPES[type]?.manifest !== manifest
  return type === undefined ? undefined : `'Content-Type: ${type}'${isOther ? " and 'X-Task-Type: 0'" : ''}`
}

const HINT = "A core can be sent with: curl --data-binary @core.xz -H 'Content-Type: application/x-core' " +
  "-H 'Content-Encoding: xz' URL/create (for a .lz4 of systemd, make the core with 'coredumpctl dump' first)"

/**
 * Throws unsupported-media-type, unsupported-content-encoding, unknown-task-type, length-required, bad-request or
 * packed-too-large, the first that applies.
 */
export function checkHeaders(head: RequestHead, config: Pick<Config, 'maxPackedMb' | 'roundWaitS'>): UploadPlan {
  const type = mediaType(head.get('content-type'))
  const tar = Object.hasOwn(TAR_TYPES, type) ? TAR_TYPES[type] : undefined
  if (tar === undefined && !CORE_TYPES.includes(type)) throw unsupportedType(type)
  const coding = head.get('content-encoding')
  if (tar !== undefined) {
    if (coding !== null) throw tarIsNotEncoded(type)
    const taskType = head.get('x-task-type')
    if (taskType !== null && taskType.trim() !== '0') throw unknownTaskType(taskType)
    const manifest = taskType === null ? tar.manifest : 'abrt'
    return {
      manifest,
      packaging: 'tar',
      encoding: tar.encoding,
      contentLength: contentLength(head, config),
      ...roundsOf(head, config),
    }
  }
  return {
    manifest: 'bare',
    packaging: 'core',
    encoding: coreEncoding(coding),
    contentLength: contentLength(head, config),
    ...roundsOf(head, config),
  }
}

/** As many as there are at most; what is no number is none: nobody is refused for it. */
function roundsOf(head: RequestHead, { roundWaitS }: Pick<Config, 'roundWaitS'>): Pick<UploadPlan, 'rounds'> {
  const text = head.get('x-task-rounds')?.trim() ?? ''
  const rounds = roundWaitS > 0 && /^[0-9]+$/.test(text) ? Math.min(Number(text), MAX_ROUNDS) : 0
  return rounds === 0 ? {} : { rounds }
}

/** The type without its parameters, in lower case (RFC 9110, 8.3.1); '' when there is none. */
function mediaType(value: string | null): string {
  return (value ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

function coreEncoding(value: string | null): Encoding {
  if (value === null) return 'none'
  const name = value.trim().toLowerCase()
  const encoding = Object.hasOwn(CORE_ENCODINGS, name) ? CORE_ENCODINGS[name] : undefined
  if (encoding !== undefined) return encoding
  throw new RetraceError('unsupported-content-encoding', {
    detail: `Content-Encoding '${
      quote(value)
    }' is not known here; a core may be sent with gzip, xz or zstd, or without`,
  })
}

/**
 * The body's announced length; an unreadable one is refused by the HTTP parser before it comes here, save for HTTP/2.
 */
function contentLength(head: RequestHead, config: Pick<Config, 'maxPackedMb'>): number {
  const value = head.get('content-length')
  if (value === null || head.get('transfer-encoding') !== null) {
    throw new RetraceError('length-required', {
      detail: `Content-Length is missing: an upload has to announce its size, and cannot be chunked. ${HINT}`,
    })
  }
  if (!/^[0-9]+$/.test(value.trim())) {
    throw new RetraceError('bad-request', { detail: `Content-Length '${quote(value)}' is not a number of bytes` })
  }
  const length = Number(value)
  if (length > config.maxPackedMb * MIB) throw packedTooLarge(config)
  return length
}

/** The 413 for more bytes than RETRACE_MAX_PACKED_MB, announced or received. */
export function packedTooLarge(config: Pick<Config, 'maxPackedMb'>): RetraceError {
  return new RetraceError('packed-too-large', {
    detail: `The upload is larger than ${config.maxPackedMb} MB, the limit of this server (RETRACE_MAX_PACKED_MB); ` +
      'compress it with xz, or with xz -9',
    limit: { setting: 'RETRACE_MAX_PACKED_MB', value: config.maxPackedMb, unit: 'MiB' },
  })
}

function unsupportedType(type: string): RetraceError {
  const what = type === '' ? 'Content-Type is missing' : `Content-Type '${quote(type)}' is not known here`
  return new RetraceError('unsupported-media-type', {
    detail: `${what}; it must be one of ${CONTENT_TYPES.join(', ')}. ${HINT}`,
    headers: { Accept: CONTENT_TYPES.join(', ') },
  })
}

function tarIsNotEncoded(type: string): RetraceError {
  return new RetraceError('unsupported-content-encoding', {
    detail:
      `Content-Encoding cannot be used with ${type}: the compression of a tar is named by its Content-Type. ${HINT}`,
  })
}

function unknownTaskType(value: string): RetraceError {
  return new RetraceError('unknown-task-type', {
    detail: `X-Task-Type '${quote(value)}' is not known here; known are: 0 (coredump of a user-space program)`,
  })
}
