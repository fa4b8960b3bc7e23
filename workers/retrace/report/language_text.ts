/**
 * The stacks of languages in the text, behind the C stacks, where libsatyr's parser passes over them: none of these lines
 * begins with `#` or `Thread`. Pure.
 */
import { count } from '../../../src/text/count.ts'
import { escapeText } from '../../../src/text/escape.ts'
import type { Interpreter, Language } from '../gdb/interpreters.ts'
import type { LanguageFrame } from '../gdb/languages.ts'
import type { Languages, ReportLanguage, ReportStack, Role } from './languages.ts'
import type { ReportThread } from './frames.ts'

export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  python: 'Python',
  ruby: 'Ruby',
  perl: 'Perl',
  php: 'PHP',
  javascript: 'JavaScript',
  java: 'Java',
  go: 'Go',
}
const ROLE_NAMES: Readonly<Record<Role, string>> = { interpreter: 'interpreter', jit: 'JIT', runtime: 'runtime' }

/** Characters of all stacks together, and of one line. */
const MAX_TEXT = 4 << 20
const MAX_LINE = 2_000
/** Neighbouring frames of one kind. */
const MAX_RUNS = 64

/** A block for each interpreter, empty where there is none. */
export function languagesText({ languages, roleOf }: Languages, [crashed]: readonly ReportThread[]): string {
  const text = languages.map((each) => languageText(each, crashed === undefined ? '' : rolesText(crashed, roleOf)))
    .join('\n\n')
  const end = text.length > MAX_TEXT ? text.lastIndexOf('\n', MAX_TEXT) : undefined
  return end === undefined ? text : `${text.slice(0, end)}\n(More of this is not shown)`
}

/** `CPython 3.11.2 (/usr/bin/python3.11), script /srv/shop.py`. */
export function interpreterText({ interpreter, version, script }: ReportLanguage): string {
  const name = [interpreter.implementation, version].filter((each) => each !== undefined).join(' ')
  return `${name} (${interpreter.module.path})${script === undefined ? '' : `, ${scriptName(interpreter, script)}`}`
}

/** The frames of a stack, a line each, the newest first. */
export function stackLines({ frames, stopped, more }: Pick<ReportStack, 'frames' | 'stopped' | 'more'>): string[] {
  return [
    ...frames.map((frame) => `  ${lineOf(frame)}`),
    ...(more ? [`  (More frames follow; ${frames.length} are shown)`] : []),
    ...(stopped === undefined ? [] : [`  (Ends here: ${oneLine(stopped)})`]),
  ]
}

function languageText(language: ReportLanguage, roles: string): string {
  const name = LANGUAGE_NAMES[language.interpreter.language]
  return [
    oneLine(`${name}: ${interpreterText(language)}`),
    ...(roles === '' ? [] : [roles]),
    ...(language.missing === undefined ? [] : [oneLine(`(The stacks of ${name} are missing: ${language.missing})`)]),
    ...language.stacks.flatMap((stack) => [heading(name, stack), ...stackLines(stack)]),
  ].join('\n')
}

function heading(name: string, { thread, isCrashed, goroutine, frames, stopped, more }: ReportStack): string {
  const whose = thread === undefined ? 'a thread that gdb does not know' : `thread ${thread.number} (LWP ${thread.lwp})`
  if (goroutine !== undefined) {
    return `Goroutine ${goroutine} is what ${whose}${isCrashed ? ', which crashed,' : ''} runs`
  }
  const isUnread = stopped !== undefined || more
  const what = frames.length > 0 ? 'most recent call first' : isUnread ? 'none of it could be read' : 'nothing runs'
  return `${name} stack of ${whose}${isCrashed ? ', which crashed' : ''} (${what}):`
}

function lineOf({ function: name, file, line, kind, arguments: values }: LanguageFrame): string {
  const place = `File "${file ?? '?'}"${line === undefined ? '' : `, line ${line}`}`
  const shown = values.map((each) => `${each.name}=${each.value}`).join(', ')
  return oneLine(
    `${place}, in ${name}${name === '<module>' ? '' : ` (${shown})`}${kind === 'function' ? '' : ` [${kind}]`}`,
  )
}

/** Which native frames of the crashed thread are what, `Native frames of thread 1: runtime #0-#3, interpreter #4`. */
function rolesText({ number, frames }: ReportThread, roleOf: Languages['roleOf']): string {
  const runs: { role: Role; from: number; to: number }[] = []
  for (const frame of frames) {
    const role = roleOf(frame)
    const last = runs.at(-1)
    if (role === undefined) continue
    if (last?.role === role && last.to === frame.level - 1) last.to = frame.level
    else runs.push({ role, from: frame.level, to: frame.level })
  }
  const shown = runs.slice(0, MAX_RUNS).map(({ role, from, to }) =>
    `${from === to ? `frame ${from}` : `frames ${from}-${to}`} ${ROLE_NAMES[role]}`
  )
  const more = runs.length - shown.length
  return runs.length === 0
    ? ''
    : `Of thread ${number}: ${shown.join(', ')}${more > 0 ? `, and ${count(more, 'more run')}` : ''}`
}

function scriptName({ language }: Interpreter, script: string): string {
  if (script.startsWith('-')) return `started with ${script}`
  return `${language === 'java' ? 'main class' : 'script'} ${script}`
}

/** Strangers' words, on one line of ours. */
function oneLine(text: string): string {
  return escapeText(text, { keep: '\t', length: MAX_LINE })
}
