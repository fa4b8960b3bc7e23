/**
 * The first questions: does this gdb read this core? Owns the order in which program, readable memory and core are
 * given, and the time for all of it together; the verdict is check.ts's.
 */
import type { Core } from '../../../src/elf/core.ts'
import { INSIDE } from '../sandbox/arguments.ts'
import { readThreads, type ThreadsAnswer } from './answers.ts'
import type { Asker } from './asking.ts'
import { contradictions } from './check.ts'
import { quoteForMi } from './mi.ts'
import { acrossGaps, type Region } from './readable_memory.ts'

export interface Opening {
  readonly core: Core
  /** Path inside the sandbox; undefined when the program is not here. */
  readonly executable: string | undefined
  /** Shared libraries that are here: path inside the sandbox, and where the first page of each was. */
  readonly libraries: readonly (readonly [path: string, start: bigint])[]
  /** What can be read; undefined: leave it to gdb. */
  readonly regions: readonly Region[] | undefined
  /** For all of it. */
  readonly openingMs: number
}

export interface Opened {
  readonly seen: ThreadsAnswer | undefined
  readonly greeting: string
  /** Empty when gdb understood the core. */
  readonly contradictions: string[]
}

const MIN_MS = 1

export async function openCore(
  asker: Asker,
  { core, executable, libraries, regions, openingMs }: Opening,
): Promise<Opened> {
  const end = performance.now() + openingMs
  const share = (fraction: number) => Math.max(MIN_MS, (end - performance.now()) * fraction)
  if (executable !== undefined) {
    await asker.command('reading the program', `-file-exec-and-symbols ${quoteForMi(executable)}`, share(0.8))
  }
  if (regions !== undefined) {
    const asked = acrossGaps(regions, core).map(({ start, end }) => [`${start}`, `${end}`])
    await asker.askWithin('what can be read', 'readable', [asked], share(0.4))
  }
  const opened = await asker.command('opening the core', `-target-select core ${INSIDE.core}`, share(0.8))
  const named = libraries.map(([path, start]) => [path, `${start}`])
  await asker.askWithin('its shared libraries', 'libraries', [named], share(0.8))
  const seen = readThreads((await asker.askWithin('its threads', 'threads', [], share(0.8))).data)
  return {
    seen,
    greeting: opened.console,
    contradictions: seen === undefined ? ['it did not say which threads it sees'] : contradictions(core, {
      architecture: seen.architecture,
      lwps: seen.threads.map((thread) => thread.lwp),
      pc: seen.pc,
    }),
  }
}
