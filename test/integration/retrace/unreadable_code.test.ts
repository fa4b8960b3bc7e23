/** Which code around a crash is said to be missing: gdb with our script in it, and memory of which pieces are not there. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

/** As `wanted.ts` asks for it. */
const PIECE = 512

/** What is noted of the code from `start` to `end` where the pieces that begin at `gone` cannot be read. */
function missed(start: number, end: number, gone: readonly number[]): number[] {
  const python = `
class Memory:
    def read_memory(self, at, size):
        if at - at % ${PIECE} in ${JSON.stringify(gone)}:
            raise gdb.MemoryError("Cannot access memory at address 0x%x" % at)

gdb.selected_inferior = lambda: Memory()
missed = []
note_missed = missed.append
note_unreadable(${start}, ${end})
print("missed:", [at - at % ${PIECE} for at in missed])`
  const script = join(installationRoot(), 'workers/retrace/root/scripts/instructions.py')
  const words = ['-nx', '-batch', '-ex', `source ${script}`, '-ex', `python exec(${JSON.stringify(python)})`]
  const { stdout, stderr } = spawnSync('gdb', words, { encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } })
  return JSON.parse(/^missed: (.*)$/m.exec(stdout)?.[1] ?? `"${stderr}"`) as number[]
}

it('notes each piece of code that is not there, wherever in one the code begins and ends', () => {
  const all = [0x1000, 0x1200, 0x1400, 0x1600]
  const cases: [number, number, number[], number[]][] = [
    // Aligned, to the end of a piece and one byte over it.
    [0x1000, 0x1200, all, [0x1000]],
    [0x1000, 0x1201, all, [0x1000, 0x1200]],
    // Unaligned: the piece of the first byte, and that of the last one, which is less than a piece behind it.
    [0x11f0, 0x1210, all, [0x1000, 0x1200]],
    [0x11f0, 0x1210, [0x1200], [0x1200]],
    [0x11ff, 0x1601, [0x1400, 0x1600], [0x1400, 0x1600]],
    [0x1001, 0x11ff, all, [0x1000]],
    [0x11f0, 0x1210, [0x1400], []],
  ]
  for (const [start, end, gone, expected] of cases) {
    expect([start, end, gone, missed(start, end, gone)]).toEqual([start, end, gone, expected])
  }
})
