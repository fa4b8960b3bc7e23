/**
 * Whether a debugger understood a core. gdb never says that it does not know an architecture: it answers with invented
 * threads and frames (docs/facts.md, 'Cross-architecture gdb'). Pure. An answer is believed whole or not at all.
 */
import { architectureRow } from '../../../src/elf/architecture.ts'
import type { Core } from '../../../src/elf/core.ts'
import { count } from '../../../src/text/count.ts'

/** What the debugger said about the core, right after it was opened. */
export interface Seen {
  readonly architecture: string
  readonly lwps: readonly number[]
  /** Program counter of the selected thread. */
  readonly pc: bigint | undefined
}

/** Sentences on what contradicts the core's own notes; empty: the debugger can be believed. */
export function contradictions(core: Pick<Core, 'architecture' | 'threads'>, seen: Seen): string[] {
  const found: string[] = []
  if (core.architecture !== undefined && !isArchitecture(architectureRow(core.architecture).gdb, seen.architecture)) {
    found.push(`it takes the core for ${seen.architecture}, but it is ${core.architecture}`)
  }
  const lwps = new Set(seen.lwps)
  const missing = core.threads.filter(({ lwp }) => !lwps.has(lwp)).length
  if (missing > 0) {
    found.push(
      `it sees ${count(seen.lwps.length, 'thread')}, ${missing} of the core's ${core.threads.length} ${
        missing === 1 ? 'is' : 'are'
      } not among them`,
    )
  }
  const crashed = core.threads[0]
  if (crashed !== undefined && crashed.pc !== seen.pc) {
    const there = seen.pc === undefined ? 'anywhere' : `at 0x${seen.pc.toString(16)}`
    found.push(`the crashed thread is at 0x${crashed.pc.toString(16)}, not ${there}`)
  }
  return found
}

/** gdb names ARM's revision after the executable's attributes, and has variants of the others behind a colon or dot. */
function isArchitecture(expected: string, seen: string): boolean {
  return seen === expected || (/^arm/.test(expected) && /^arm/.test(seen)) ||
    (expected === 'i386' && seen === 'i386:intel')
}
