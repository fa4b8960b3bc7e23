/**
 * The first questions: does this gdb read this core? Owns the order in which program, readable memory and core are
 * given, that each file's symbols lie where the core has the file, and the time for all of it together; the verdict is
 * check.ts's.
 */
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import { INSIDE } from '../sandbox/arguments.ts'
import {
  readPc,
  readProblems,
  readRawPc,
  readSymbols,
  readThreads,
  readUnread,
  type SymbolsOf,
  type ThreadsAnswer,
} from './answers.ts'
import type { Asker } from './asking.ts'
import type { Answer } from './session.ts'
import { contradictions } from './check.ts'
import { quoteForMi } from './mi.ts'
import { acrossGaps, type Region } from './readable_memory.ts'

export interface Opening {
  readonly core: Core
  /** Path inside the sandbox; undefined when the program is not here. */
  readonly executable: string | undefined
  /** The modules that are here, the program too. */
  readonly files: readonly LoadedFile[]
  /** What can be read; undefined: leave it to gdb. */
  readonly regions: readonly Region[] | undefined
  /** Whose symbols are read only when something turns out to need them (spare.ts). */
  readonly sparing: SparedModules
  /** For all of it. */
  readonly openingMs: number
  /** Not to be asked where the crashed thread is, since gdb has ended over that. */
  readonly withoutPlace: boolean
}

export interface SparedModules {
  /** Whether there may be any: then gdb is to read none by itself. */
  readonly mayBe: boolean
  /** Found out when it is asked for first, which takes 10 to 40 ms: gdb opens the core meanwhile. */
  modules(): ReadonlySet<CoreModule>
}

/** A module's file, by paths inside the sandbox. */
export interface LoadedFile {
  readonly path: string
  readonly module: CoreModule
  /** All names under which gdb can read DWARF of it; none when there is none. */
  readonly debuginfo: readonly string[]
  /** The file with its debuginfo, where that is one of its own. */
  readonly debugFile: string | undefined
}

/** A module that gdb has the symbols of, where the core has its code. */
export interface ModuleWithSymbols extends Omit<SymbolsOf, 'index'> {
  readonly module: CoreModule
  /** Path inside the sandbox. */
  readonly path: string
}

export interface Opened {
  readonly seen: ThreadsAnswer | undefined
  readonly greeting: string
  readonly symbols: readonly ModuleWithSymbols[]
  /** Modules that are here and gdb does not take, or of which it does not take the debuginfo. */
  readonly unread: readonly CoreModule[]
  readonly undebugged: readonly CoreModule[]
  /** Modules whose symbols were not read, unless something turned out to need them. */
  readonly spared: readonly CoreModule[]
  /** What it ended over, or did not come to an end with; undefined: nothing. */
  readonly failed: FailedOpening | undefined
  /** Empty when gdb understood the core. */
  readonly contradictions: string[]
}

export interface FailedOpening {
  /** `the threads` */
  readonly at: string
  readonly isLate: boolean
  /** It was where the crashed thread is, with its threads told. */
  readonly isOverPlace: boolean
}

interface Noted {
  /** `the threads` */
  readonly at: string
  readonly answer: Answer
  /** It came after something was interrupted, itself perhaps. */
  readonly isSpoilt: boolean
}

const MIN_MS = 1

export async function openCore(
  asker: Asker,
  { core, executable, files, regions, sparing, openingMs, withoutPlace }: Opening,
): Promise<Opened> {
  const end = performance.now() + openingMs
  const answers: Noted[] = []
  const noted = (at: string, answer: Answer) => {
    answers.push({ at, answer, isSpoilt: asker.wasInterrupted })
    return answer
  }
  const share = (fraction: number) => Math.max(MIN_MS, (end - performance.now()) * fraction)
  if (executable !== undefined) {
    const line = `-file-exec-and-symbols ${quoteForMi(executable)}`
    noted('the program', await asker.command('reading the program', line, share(0.8)))
  }
  if (regions !== undefined) {
    const asked = acrossGaps(regions, core).map(({ start, end }) => [`${start}`, `${end}`])
    noted('what can be read', await asker.askWithin('what can be read', 'readable', [asked], share(0.4)))
  }
  if (sparing.mayBe) {
    await asker.command('choosing libraries', '-gdb-set auto-solib-add off', share(0.4))
  }
  const select = `-target-select core ${INSIDE.core}`
  const opening = asker.command('opening the core', select, share(0.8))
  const spared = sparing.modules() // while gdb opens it
  const opened = noted('the core itself', await opening)
  const named = files.map(({ path, module, debugFile }) => {
    const names = [module.path, module.linkName ?? ''].map((name) => name.slice(name.lastIndexOf('/') + 1))
    return [path, `${module.start}`, `${module.end}`, debugFile ?? '', Number(spared.has(module)), names]
  })
  const told = noted('the symbols', await asker.askWithin('its symbols', 'libraries', [named], share(0.8)))
  const symbols = readSymbols(told.data)
  for (const problem of readProblems(told.data)) asker.note(problem)
  const threads = noted('the threads', await asker.askWithin('its threads', 'threads', [], share(0.8)))
  const seen = readThreads(threads.data)
  const place = withoutPlace ? undefined : await asker.askWithin('where it was', 'place', [], share(0.8))
  if (place !== undefined) noted('where the thread was', place)
  const pc = place === undefined ? core.threads[0]?.pc : readPc(place.data) ?? readRawPc(place.console)
  return {
    seen,
    greeting: opened.console,
    symbols: symbols.flatMap(({ index, ...found }) => {
      const file = files[index]
      return file === undefined ? [] : [{ module: file.module, path: file.path, ...found }]
    }),
    unread: readUnread(told.data, 'unread').flatMap((index) => files[index]?.module ?? []),
    spared: files.filter(({ module }) => spared.has(module)).map(({ module }) => module),
    undebugged: readUnread(told.data, 'undebugged').flatMap((index) => files[index]?.module ?? []),
    failed: failureAmong(answers, seen !== undefined),
    contradictions: seen === undefined ? ['it did not say which threads it sees'] : contradictions(core, {
      architecture: seen.architecture,
      lwps: seen.threads.map((thread) => thread.lwp),
      pc,
    }),
  }
}

/** Where it ended or was late. What a question failed over behind one that was interrupted may be that interrupt. */
function failureAmong(answers: readonly Noted[], hasThreads: boolean): FailedOpening | undefined {
  const failed = (kind: Answer['kind']) => answers.find(({ answer }) => answer.kind === kind)
  const spoilt = answers.filter(({ isSpoilt }) => isSpoilt)
  const found = failed('ended') ?? failed('interrupted') ?? spoilt.find(({ answer }) => answer.kind === 'error') ??
    (hasThreads ? undefined : spoilt.at(-1))
  if (found === undefined) return undefined
  return { at: found.at, isLate: found.answer.kind !== 'ended', isOverPlace: hasThreads && found === answers.at(-1) }
}
