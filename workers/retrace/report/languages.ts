/**
 * Interpreters of a process as the report has them: which they are, what they ran, the stacks of their languages by gdb's
 * threads, and what each native frame is to them. Pure. What the interpreter does not say of itself is told by its package and
 * its name.
 */
import { KEPT_BACK } from '../gdb/kept_back.ts'
import type { Core } from '../../../src/elf/core.ts'
import { PF_X } from '../../../src/elf/header.ts'
import { segmentAt } from '../../../src/elf/segment.ts'
import type { LanguageFrame, LanguagesAnswer, LanguageStack } from '../gdb/languages.ts'
import { type Interpreter, interpretersOf, KINDS, versionInName } from '../gdb/interpreters.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'
import type { ReportFrame, ReportThread } from './frames.ts'
import { scriptOf } from './script.ts'

export interface ReportLanguage {
  readonly interpreter: Interpreter
  readonly version: string | undefined
  /** The script or main class, or what stands for it: `-c`, `-m MODULE`. */
  readonly script: string | undefined
  readonly layout: string | undefined
  /** The crashed thread's first, then by number; those of threads that gdb does not know last. */
  readonly stacks: readonly ReportStack[]
  /** Why stacks are missing. */
  readonly missing: string | undefined
}

export interface ReportStack {
  /** Undefined: gdb knows no such thread. */
  readonly thread: ReportThread | undefined
  readonly isCrashed: boolean
  readonly goroutine: string | undefined
  readonly frames: readonly LanguageFrame[]
  readonly stopped: string | undefined
  readonly more: boolean
}

/** What a native frame is to an interpreter: its loop, code that it made, or any other function of it. */
export type Role = 'interpreter' | 'jit' | 'runtime'

export interface Languages {
  readonly languages: readonly ReportLanguage[]
  roleOf(frame: ReportFrame): Role | undefined
}

/** Of a process without an interpreter. */
export const NO_LANGUAGES: Languages = { languages: [], roleOf: () => undefined }

export function reportLanguages(
  { core, modules, threads, said }: {
    core: Core
    modules: readonly ResolvedModule[]
    threads: readonly ReportThread[]
    said: LanguagesAnswer | undefined
  },
): Languages {
  const interpreters = interpretersOf(core, threads[0]?.frames.map((frame) => frame.function) ?? [])
  const loops = said?.languages.flatMap(({ loop }) => loop === undefined ? [] : [loop]) ?? []
  const languages = interpreters.map((interpreter): ReportLanguage => {
    const answer = said?.languages.find(({ language }) => language === interpreter.language)
    const owner = modules.find(({ module }) => module === interpreter.module)?.owner
    return {
      interpreter,
      version: answer?.version ?? upstreamOf(owner?.version) ?? versionInName(interpreter),
      script: answer?.script ??
        (core.keptBack === undefined && runsScripts(core, interpreter)
          ? scriptOf(interpreter.language, said?.words ?? [], core.process?.arguments)
          : undefined),
      layout: answer?.layout,
      stacks: sorted((answer?.stacks ?? []).map((stack) => withThread(stack, threads)), threads),
      missing: core.keptBack === undefined ? answer?.missing : KEPT_BACK,
    }
  })
  return { languages, roleOf: (frame) => roleOf(frame, { core, interpreters, loops }) }
}

/** The words of a program that only has an interpreter in it, an editor's, say, are its own. */
function runsScripts({ modules }: Core, { language }: Interpreter): boolean {
  const program = modules.find(({ kind }) => kind === 'executable')
  const name = program?.path.slice(program.path.lastIndexOf('/') + 1) ?? ''
  return language === 'java' ? /^javaw?$/.test(name) : KINDS[language]?.program?.test(name) === true
}

/** `3.9.2` of 1:3.9.2-1+deb11u3. */
function upstreamOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : /^(?:\d+:)?(\d[\w.]*)/.exec(version)?.[1]
}

/** LWPs are told apart best; the C library's pointer is there in older versions, too. */
function withThread(
  { lwp, pointer, ...stack }: LanguageStack,
  threads: readonly ReportThread[],
): ReportStack {
  const thread = threads.find((each) => lwp !== undefined && BigInt(each.lwp) === lwp) ??
    threads.find((each) => pointer !== undefined && pointer !== 0n && each.pointer === pointer)
  return { ...stack, thread, isCrashed: thread !== undefined && thread === threads[0] }
}

function sorted(stacks: readonly ReportStack[], threads: readonly ReportThread[]): ReportStack[] {
  const place = ({ thread }: ReportStack) => thread === undefined ? threads.length : threads.indexOf(thread)
  return stacks.toSorted((a, b) => place(a) - place(b))
}

function roleOf(
  { pc, kind, module, function: name = '' }: ReportFrame,
  { core, interpreters, loops }: {
    core: Core
    interpreters: readonly Interpreter[]
    loops: readonly (readonly [start: bigint, end: bigint])[]
  },
): Role | undefined {
  if (kind === 'signal-handler' || interpreters.length === 0) return undefined
  const isMade = module === undefined && ((segmentAt(core.segments, pc)?.flags ?? 0) & PF_X) !== 0
  if (isMade) {
    if (loops.some(([start, end]) => start <= pc && pc < end)) return 'interpreter'
    return interpreters.some(({ language }) => KINDS[language]?.makesCode) ? 'jit' : undefined
  }
  const own = interpreters.find((each) => each.module === module?.module)
  const { loop, runtime } = own === undefined ? {} : KINDS[own.language] ?? {}
  if (own === undefined || runtime?.test(name) === false) return undefined
  return loop?.test(name) ? 'interpreter' : 'runtime'
}
