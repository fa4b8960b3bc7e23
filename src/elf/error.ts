/**
 * What the reader says about bytes that it cannot use. The codes are a closed list. The sentences hold numbers and the
 * reader's own words, never the client's text, so they can be logged as they are.
 */

/**
 * `not-elf`: no ELF header. `packed`, `foreign`: other_kind.ts knows what it is. `not-core`: ELF, but no core.
 * `unsupported`: well-formed, and more than this reader does. `malformed`: contradicts the format. `truncated`: the
 * file ends before what is needed to read anything at all.
 */
export type ElfErrorCode = 'not-elf' | 'packed' | 'foreign' | 'not-core' | 'unsupported' | 'malformed' | 'truncated'

/** The only error that the content of a file can cause in src/elf; errors of the disk pass as they are. */
export class ElfError extends Error {
  override name = 'ElfError'
  readonly code: ElfErrorCode

  constructor(code: ElfErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
