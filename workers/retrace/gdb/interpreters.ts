/**
 * Which interpreters a process has, by its modules: the languages of which there are stacks, or frames to be told apart, and
 * where the data of their modules lies. Pure.
 */
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import { PF_W } from '../../../src/elf/header.ts'

export const LANGUAGES = ['python', 'ruby', 'perl', 'php', 'javascript', 'java', 'go'] as const
export type Language = (typeof LANGUAGES)[number]

export interface Interpreter {
  readonly language: Language
  readonly implementation: string
  /** The module that it is in: its library, else the program. */
  readonly module: CoreModule
}

interface Kind {
  readonly implementation: string
  /** The name of its library, and that of the program where it is in that; a group is the version. */
  readonly library?: RegExp
  readonly program?: RegExp
  /** By a function of the program: where the language is compiled, so that nothing of it is in a name of a file. */
  readonly function?: RegExp
  /** The function that goes from one instruction of the language to the next. */
  readonly loop?: RegExp
  /** Its other functions, where its module has more than those. */
  readonly runtime?: RegExp
  /** It makes machine code while it runs. */
  readonly makesCode: boolean
}

export const KINDS: Readonly<Partial<Record<Language, Kind>>> = {
  python: {
    implementation: 'CPython',
    library: /^libpython(\d+\.\d+)\w*\.so/,
    program: /^python(\d+(?:\.\d+)?)?[dmt]*(?:-\w+)?$/,
    loop: /^_?PyEval_EvalFrame/,
    makesCode: false,
  },
  ruby: {
    implementation: 'Ruby',
    library: /^libruby(?:-(\d+\.\d+))?\.so(?:\.(\d+\.\d+))?/,
    program: /^ruby(\d+\.\d+)?$/,
    loop: /^(rb_)?vm_exec/,
    makesCode: true,
  },
  perl: {
    implementation: 'perl',
    library: /^libperl\.so\.(\d+\.\d+)/,
    program: /^perl(\d+\.\d+(?:\.\d+)?)?$/,
    loop: /^Perl_(runops_|pp_)/,
    makesCode: false,
  },
  php: {
    implementation: 'PHP',
    library: /^libphp(\d+(?:\.\d+)?)?\.so/,
    program: /^php(?:-fpm|-cgi)?(\d+\.\d+)?$/,
    loop: /^(execute_ex|ZEND_\w+_HANDLER|zend_execute)$/,
    makesCode: true,
  },
  javascript: {
    implementation: 'Node.js',
    library: /^libnode\.so/,
    program: /^node(?:js)?$/,
    loop: /^Builtins_(Interpreter\w*|\w+Handler)$/,
    makesCode: true,
  },
  java: {
    implementation: 'Java',
    library: /^libjvm\.so$/,
    loop: /^BytecodeInterpreter::/,
    makesCode: true,
  },
  go: {
    implementation: 'Go',
    function: /^runtime\.(goexit|main|mstart|mcall|sigpanic|gopanic|raise|rt0_go|systemstack|futex|notesleep)\b/,
    runtime: /^runtime\./,
    makesCode: false,
  },
}

/** Data of a module that is looked through. */
const MAX_PLACES = 64

/** `functions`: of the crashed thread. */
export function interpretersOf(
  { modules }: Pick<Core, 'modules'>,
  functions: readonly (string | undefined)[],
): Interpreter[] {
  return LANGUAGES.flatMap((language) => {
    const kind = KINDS[language]
    if (kind === undefined) return []
    const isOurs = functions.some((each) => each !== undefined && kind.function?.test(each))
    const module = modules.find((each) => each.kind !== 'vdso' && kind.library?.test(nameOf(each))) ??
      modules.find((each) => each.kind === 'executable' && (isOurs || kind.program?.test(nameOf(each))))
    return module === undefined ? [] : [{ language, implementation: kind.implementation, module }]
  })
}

/** `3.11` of /usr/bin/python3.11 or libpython3.11.so.1.0; undefined: the name does not say. */
export function versionInName({ language, module }: Pick<Interpreter, 'language' | 'module'>): string | undefined {
  const kind = KINDS[language]
  const found = kind?.library?.exec(nameOf(module)) ?? kind?.program?.exec(nameOf(module))
  return found?.slice(1).find((each) => each !== undefined)
}

/** From where to where the data of a module is that the core holds. */
export function dataOf(
  { segments }: Pick<Core, 'segments'>,
  { start, end }: CoreModule,
): [start: bigint, end: bigint][] {
  return segments
    .filter((each) => (each.flags & PF_W) !== 0 && each.dumped > 0n && each.start >= start && each.start < end)
    .slice(0, MAX_PLACES)
    .map((each) => [each.start, each.start + each.dumped])
}

function nameOf({ path }: CoreModule): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
