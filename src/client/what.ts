/** What would be sent, said before it is: a line, and with --show every byte that is no memory and a table of the rest. Pure. */
import { Buffer } from 'node:buffer'
import { parseHeader } from '../elf/header.ts'
import { bytesSource } from '../elf/bytes_source.ts'
import { headersLength, type Slim } from '../slim/slim.ts'
import { type Kind, KINDS } from '../slim/pages.ts'
import { readNotes } from '../elf/note.ts'
import { count } from '../text/count.ts'
import { escapeText } from '../text/escape.ts'
import { size } from './about.ts'
import type { Machine } from './machine.ts'

const MEANINGS: Record<Kind, string> = {
  modules: 'headers, notes and lists that tell which programs and libraries were loaded',
  libraries: 'data of the C library and the loader: their lists of threads and modules',
  stacks: 'the stack of each thread',
  threads: 'the control block of each thread',
  pointed: 'what registers and stacks point to',
}
const MAX_NOTES = 1 << 20

/** The line above the question. */
export function sendingLine(
  server: string,
  sent: number,
  core: number,
  { slim, keepsArguments, keepsValues, rounds }: {
    slim: Slim | undefined
    keepsArguments: boolean
    keepsValues: boolean
    /** How often the server may ask for more. */
    rounds: number
  },
): string {
  const what = slim === undefined
    ? 'all of its memory'
    : !keepsValues
    ? 'the list of modules; of registers and stacks the addresses that lead into modules and stacks, and no value'
    : `registers, stacks, the list of modules${keepsArguments ? ', the command line' : ''}, and what they point to`
  const more = slim === undefined || rounds === 0 ? '' : `; at most ${rounds} MB more, if the debugger misses some`
  return `to ${server}: ${size(sent)} of the core's ${size(core)}: ${what}${more}`
}

/** Every byte that is no memory, by name; then the memory by kind. */
export function showText(slim: Slim, machine: Machine | undefined, architecture: string): string {
  const lines = ['architecture:', `  ${architecture}`]
  if (machine !== undefined) {
    lines.push('release:', `  ${machine.release}`, 'packages:', ...machine.packages.map((each) => `  ${each}`))
  }
  const header = parseHeader(slim.head.subarray(0, 64))
  lines.push(
    `headers of the core: ${count(headersLength(slim.head), 'byte')}, of ${
      count(header.programCount, 'program header')
    }`,
  )
  lines.push(...dump(slim.head.subarray(0, headersLength(slim.head))))
  const area = { offset: headersLength(slim.head), length: slim.head.length, align: 4, limit: MAX_NOTES }
  for (const note of readNotes(bytesSource(slim.head), header, area)) {
    lines.push(`note ${note.owner}, type 0x${note.type.toString(16)}: ${count(note.length, 'byte')}`)
    lines.push(...dump(slim.head.subarray(note.offset, note.offset + note.length)))
  }
  lines.push('memory:')
  for (const kind of KINDS) {
    const bytes = slim.kinds.get(kind) ?? 0
    if (bytes > 0) lines.push(`  ${size(bytes).padStart(10)}  ${MEANINGS[kind]}`)
  }
  lines.push(`  ${size(slim.leftOut).padStart(10)}  is not sent`)
  return lines.map((line) => `${escapeText(line)}\n`).join('')
}

/** As hexdump -C has it. */
function dump(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Buffer.from(bytes.subarray(at, at + 16))
    const text = [...row].map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.').join('')
    lines.push(`  ${at.toString(16).padStart(6, '0')}  ${row.toString('hex').replace(/../g, '$& ').padEnd(48)} ${text}`)
  }
  return lines
}
