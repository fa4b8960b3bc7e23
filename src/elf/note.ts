/**
 * Notes (gABI, chapter 5, 'Note Section'): of a core's PT_NOTE segments, of files, of images in memory. Descriptors are
 * not read here: a note says where its descriptor is, and the caller reads the ones it wants.
 */
import { type Encoding, Fields, fixedText } from './fields.ts'
import type { ByteSource } from './bytes_source.ts'
import { hex } from '../units/bytes.ts'

export interface Note {
  /** Owner, e.g. `CORE`, `LINUX`, `GNU`, `FDO`. */
  readonly owner: string
  readonly type: number
  /** Where the descriptor is in the source, and its bytes as the note says them; the source may end earlier. */
  readonly offset: number
  readonly length: number
}

export interface NoteArea {
  /** Bytes from the start of the source. */
  readonly offset: number
  readonly length: number
  /** p_align or sh_addralign: 8 pads to 8 bytes, everything else to 4. */
  readonly align: number
  /** At most so many notes are looked at. */
  readonly limit: number
}

const NT_GNU_BUILD_ID = 3
const NT_FDO_PACKAGE = 0xcafe1a7e
const MAX_OWNER = 64
const MAX_BUILD_ID = 64
/** Fedora's and Debian's have 200 to 500; each module of a core keeps its own. */
const MAX_PACKAGE_NOTE = 4096

/** Goes through an area of notes, in order, until it ends or no longer makes sense; never throws for what it reads. */
export function* readNotes(source: ByteSource, encoding: Encoding, area: NoteArea): Generator<Note> {
  const end = Math.min(area.offset + area.length, source.size)
  const padding = area.align === 8 ? 8 : 4
  let at = area.offset
  for (let seen = 0; seen < area.limit && at + 12 <= end; seen++) {
    const head = new Fields(source.read(at, 12 + MAX_OWNER), encoding)
    if (head.length < 12) return
    const [nameSize, length] = [head.u32(0), head.u32(4)]
    const offset = at + roundUp(12 + nameSize, padding)
    if (offset > end) return
    yield { owner: ownerOf(head, nameSize), type: head.u32(8), offset, length }
    at = roundUp(offset - area.offset + length, padding) + area.offset
  }
}

/** The name behind a note's head, without its NUL, which some writers leave out. */
function ownerOf(head: Fields, nameSize: number): string {
  return fixedText(head.bytes.subarray(12, 12 + Math.min(nameSize, MAX_OWNER)))
}

/** Identity of a file: NT_GNU_BUILD_ID in lower-case hex, and the JSON text of systemd's package note. */
export interface Identity {
  buildId: string | undefined
  packageNote: string | undefined
}

/** Looks for both in one more area; what an earlier area gave stays. */
export function readIdentity(source: ByteSource, encoding: Encoding, area: NoteArea, identity: Identity): void {
  const end = Math.min(area.offset + area.length, source.size)
  for (const note of readNotes(source, encoding, area)) {
    const whole = note.offset + note.length <= end
    if (note.owner === 'GNU' && note.type === NT_GNU_BUILD_ID) {
      if (whole && note.length > 0 && note.length <= MAX_BUILD_ID) {
        identity.buildId ??= hex(source.read(note.offset, note.length))
      }
    } else if (note.owner === 'FDO' && note.type === NT_FDO_PACKAGE) {
      if (whole && note.length <= MAX_PACKAGE_NOTE) {
        identity.packageNote ??= jsonObject(source.read(note.offset, note.length))
      }
    }
  }
}

/** The text, if it is a JSON object (https://systemd.io/PACKAGE_METADATA_FOR_EXECUTABLE_FILES), without its NULs. */
function jsonObject(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes).replace(/\0+$/, '')
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? text : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
