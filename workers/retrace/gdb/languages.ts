/**
 * What the interpreters of a process were doing, as root/scripts/languages.py tells it: checked like its other answers (answers.ts),
 * and bounded again here, since all of it is a stranger's memory.
 */
import type { Core } from '../../../src/elf/core.ts'
import { address, arrayOf, recordOf, text } from './answers.ts'
import type { Asker } from './asking.ts'
import { dataOf, type Interpreter, interpretersOf, type Language, LANGUAGES } from './interpreters.ts'
import type { Answer } from './session.ts'

/** What a process says of an interpreter in it. */
export interface LanguageAnswer {
  readonly language: Language
  readonly version: string | undefined
  /** What it runs, where it says so itself. */
  readonly script: string | undefined
  /** From where to where the code of its loop is, where that is none of a file. */
  readonly loop: readonly [start: bigint, end: bigint] | undefined
  /** What the stacks were read by. */
  readonly layout: string | undefined
  readonly stacks: readonly LanguageStack[]
  /** Why stacks are missing. */
  readonly missing: string | undefined
}

export interface LanguagesAnswer {
  /** The command line, as far as it could be read. */
  readonly words: readonly string[]
  readonly languages: readonly LanguageAnswer[]
}

export interface LanguageStack {
  /** pthread_self() and the LWP of the thread that runs it, as far as the interpreter knows them. */
  readonly pointer: bigint | undefined
  readonly lwp: bigint | undefined
  /** Of Go: the number of the goroutine whose stack is the native one. */
  readonly goroutine: string | undefined
  /** The newest first. */
  readonly frames: readonly LanguageFrame[]
  /** Why it ends where it should not. */
  readonly stopped: string | undefined
  readonly more: boolean
}

export const FRAME_KINDS = ['function', 'generator', 'coroutine', 'async-generator'] as const

export interface LanguageFrame {
  readonly function: string
  readonly file: string | undefined
  readonly line: number | undefined
  readonly kind: (typeof FRAME_KINDS)[number]
  readonly arguments: readonly { readonly name: string; readonly value: string }[]
}

/** Of the time left. */
const SHARE = 0.2
const MAX_STACKS = 1_024
/** As languages.py has them. */
const MAX_WORDS = 256
/** Characters of all that a process says of its interpreters. */
const MAX_TEXT = 8 << 20
const MAX_FRAMES = 8_192
const MAX_ARGUMENTS = 32
const MAX_LINE = 0x7fffffff

/** Undefined: there is no interpreter that could be asked. */
export function askLanguages({ asker, core, functions }: {
  asker: Asker
  core: Core
  /** Of the crashed thread. */
  functions: readonly (string | undefined)[]
}): Promise<{ answer: Answer; value: LanguagesAnswer }> | undefined {
  const interpreters = interpretersOf(core, functions)
  return interpreters.length === 0 ? undefined : asked(asker, core, interpreters)
}

async function asked(asker: Asker, core: Core, interpreters: readonly Interpreter[]) {
  const wanted = interpreters.map(({ language, module }) => [
    language,
    dataOf(core, module).map(([start, end]) => [`${start}`, `${end}`]),
  ])
  const answer = await asker.ask('stacks of languages', 'languages', { parameters: [wanted], share: SHARE })
  return { answer, value: languagesWithin(readLanguages(answer.data), MAX_TEXT) }
}

export function readLanguages(data: readonly unknown[]): LanguagesAnswer {
  const languages: { language: Language; messages: Record<string, unknown>[] }[] = []
  const words: string[] = []
  for (const message of data.map(recordOf)) {
    const language = LANGUAGES.find((each) => each === message.language)
    if (language !== undefined) {
      if (languages.length >= LANGUAGES.length) break
      languages.push({ language, messages: [] })
    } else languages.at(-1)?.messages.push(message)
    if (languages.length > 0) continue
    for (const word of arrayOf(message.words).slice(0, MAX_WORDS - words.length)) {
      if (typeof word === 'string') words.push(text(word) ?? '')
    }
  }
  return { words, languages: languages.map(({ language, messages }) => ({ language, ...readLanguage(messages) })) }
}

function readLanguage(messages: readonly Record<string, unknown>[]): Omit<LanguageAnswer, 'language'> {
  const first = (name: string) => text(messages.find((each) => text(each[name]) !== undefined)?.[name])
  let left = MAX_FRAMES
  const stacks = messages.filter((each) => Array.isArray(each.stack)).slice(0, MAX_STACKS).map((each) => {
    const frames = arrayOf(each.stack).slice(0, left).flatMap(readFrame)
    left -= frames.length
    return {
      pointer: address(each.pointer),
      lwp: address(each.lwp),
      goroutine: /^\d+$/.exec(text(each.goroutine) ?? '')?.[0],
      frames,
      stopped: text(each.stopped),
      more: each.more === true,
    }
  })
  const [start, end] = arrayOf(messages.find(({ loop }) => Array.isArray(loop))?.loop).map(address)
  return {
    version: first('version'),
    script: first('script'),
    loop: start === undefined || end === undefined ? undefined : [start, end],
    layout: first('layout'),
    missing: first('missing'),
    stacks,
  }
}

function readFrame(value: unknown): LanguageFrame[] {
  const [file, line, name, kind, values] = arrayOf(value)
  const isLine = typeof line === 'number' && Number.isInteger(line) && line > 0 && line <= MAX_LINE
  return [{
    function: text(name) ?? '?',
    file: text(file),
    line: isLine ? line : undefined,
    kind: FRAME_KINDS.find((each) => each === kind) ?? 'function',
    arguments: arrayOf(values).slice(0, MAX_ARGUMENTS).flatMap((each) => {
      const [argument, shown] = arrayOf(each)
      return text(argument) === undefined || typeof shown !== 'string'
        ? []
        : [{ name: String(text(argument)), value: text(shown) ?? '' }]
    }),
  }]
}

/** As many frames of the stacks as there is room for, in characters of all languages together; the rest is told as what did not come. */
export function languagesWithin({ words, languages }: LanguagesAnswer, most: number): LanguagesAnswer {
  let left = most - words.reduce((sum, word) => sum + word.length, 0)
  return {
    words,
    languages: languages.map((language) => ({
      ...language,
      stacks: language.stacks.map((stack) => {
        const frames = stack.frames.filter((frame) => (left -= sizeOf(frame)) >= 0)
        return { ...stack, frames, more: stack.more || frames.length < stack.frames.length }
      }),
    })),
  }
}

function sizeOf({ function: name, file, arguments: values }: LanguageFrame): number {
  return values.reduce((sum, each) => sum + each.name.length + each.value.length, name.length + (file?.length ?? 0))
}
