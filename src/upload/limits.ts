/**
 * How much an upload may unpack to: counted as it unpacks, holes included (docs/http.md, 'POST /create'). Pure but for
 * its count.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { quote } from '../text/escape.ts'
import { KIB, MIB } from '../units/bytes.ts'

/** Bytes of an archive that are no member's: headers, long names, maps of sparse members, padding at its end. */
const OVERHEAD = 16 * MIB

export type UnpackLimits = Pick<Config, 'maxUnpackedMb' | 'maxFileKb'>

/** Counts what the members of one upload take, as they announce it and before it is stored. */
export class UnpackedCount {
  readonly #config: UnpackLimits
  #bytes = 0

  constructor(config: UnpackLimits) {
    this.#config = config
  }

  /** Throws unpacked-too-large when all members together pass RETRACE_MAX_UNPACKED_MB. */
  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > this.#config.maxUnpackedMb * MIB) throw unpackedTooLarge(this.#config)
  }
}

/** Passes on a decompressed archive, up to what its members may take and a little more. Throws unpacked-too-large. */
export async function* atMostUnpacked(
  chunks: AsyncIterable<Uint8Array>,
  config: UnpackLimits,
): AsyncGenerator<Uint8Array> {
  let left = config.maxUnpackedMb * MIB + OVERHEAD
  for await (const chunk of chunks) {
    left -= chunk.length
    if (left < 0) throw unpackedTooLarge(config)
    yield chunk
  }
}

function unpackedTooLarge(config: UnpackLimits): RetraceError {
  return new RetraceError('unpacked-too-large', {
    detail:
      `The upload unpacks to more than ${config.maxUnpackedMb} MB, the limit of this server (RETRACE_MAX_UNPACKED_MB)`,
    limit: { setting: 'RETRACE_MAX_UNPACKED_MB', value: config.maxUnpackedMb, unit: 'MiB' },
  })
}

/** Throws file-too-large when a member other than the core passes RETRACE_MAX_FILE_KB. */
export function checkFileSize(name: string, size: number, config: UnpackLimits): void {
  if (size <= config.maxFileKb * KIB) return
  throw new RetraceError('file-too-large', {
    detail: `The member '${quote(name)}' is larger than ${config.maxFileKb} KB, the limit of this server ` +
      'for every member but the core (RETRACE_MAX_FILE_KB)',
    limit: { setting: 'RETRACE_MAX_FILE_KB', value: config.maxFileKb, unit: 'KiB' },
  })
}
