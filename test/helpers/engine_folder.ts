/** A folder as ops/engine makes one, for looks at what it is. */
import { Buffer } from 'node:buffer'
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { execPath } from 'node:process'
import type { Folder } from './folder.ts'

/** The beginning of a debugger that ops/engine could have made: this program's own, or of another e_machine and byte order. */
export function engineOf(folder: Folder, architecture: string, [machine, order]: readonly number[] = []): void {
  const place = folder.file('engines', `trixie-${architecture}`, 'usr', 'bin')
  mkdirSync(place, { recursive: true })
  const header = Buffer.alloc(64)
  const program = openSync(execPath, 'r')
  readSync(program, header, 0, header.length, 0)
  closeSync(program)
  if (machine !== undefined && order !== undefined) {
    header[5] = order
    header.writeUInt16BE(machine, 18)
  }
  writeFileSync(`${place}/gdb`, header, { mode: 0o755 })
}
