/**
 * The file `backtrace.md`: a backtrace for issue trackers (GitHub Flavored Markdown). Owns what of it is shown in public:
 * frames with their arguments, no locals, no registers, no command line; and that all strangers' words are code, so that none
 * is a mention, a link or a heading.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { count } from '../../../src/text/count.ts'
import { cutText, escapeText } from '../../../src/text/escape.ts'
import type { Crash } from '../crash/crash.ts'
import { CLASSES } from '../exploitable/class.ts'
import { lacksOf } from '../outcome/lack.ts'
import { framesText } from '../report/frame_text.ts'
import { type ReportFrame, type ReportThread, sourceUrlOf } from '../report/frames.ts'
import { stackRemarks } from '../report/stack_remarks.ts'
import type { Languages } from '../report/languages.ts'
import { interpreterText, LANGUAGE_NAMES, stackLines } from '../report/language_text.ts'
import { codeName, signalName } from '../report/signal.ts'
import { reasonOf } from './exploitable.ts'
import { unratedText } from './rating.ts'
import { lackText } from './lack.ts'

/** Trackers refuse more than 65,536 characters. */
const MAX_TEXT = 60_000
const MAX_CRASHED_FRAMES = 64
const MAX_OTHER_FRAMES = 32
const MAX_LINE = 300
const MAX_LACKS = 40
const MAX_LINKS = 10
/** Of one name or sentence. */
const MAX_CODE = 1_000
const SEPARATOR = '\n\n'
/** Of a link. */
const MAX_URL = 2_000

export interface MarkdownParts {
  readonly core: Core
  readonly crash: Crash
  readonly sentence: string
  readonly threads: readonly ReportThread[]
  readonly languages: Languages
  readonly release: string | undefined
  readonly outcome: { readonly code: string; readonly summary: string }
}

/** A part of the page for so many characters; undefined: it does not fit. */
type Part = (room: number) => string | undefined

export function markdown(parts: MarkdownParts): string {
  const [crashed, ...others] = parts.threads
  return page([
    whole(`## ${code(parts.sentence)}`),
    whole(table([['', ''], ...facts(parts)])),
    ...(crashed === undefined ? [] : [
      under('### Crashed thread', fenced(stackOf(crashed, MAX_CRASHED_FRAMES))),
      ...sourceLinks(crashed.frames),
      ...parts.languages.languages.map(languageStack),
    ]),
    ...lacks(parts.threads),
  ], others)
}

/** As much as there is room for, in this order: no part is cut but between the lines of a stack. */
function page(head: readonly Part[], others: readonly ReportThread[]): string {
  const shown: string[] = []
  let left = MAX_TEXT
  const add = (part: Part) => {
    const text = part(left - SEPARATOR.length)
    if (text === undefined) return false
    shown.push(text)
    left -= text.length + SEPARATOR.length
    return true
  }
  const leftOut = head.filter((part) => !add(part)).length
  if (leftOut > 0) shown.push(`(${count(leftOut, 'part is', 'parts are')} left out: there is no room)`)
  for (const [index, thread] of others.entries()) {
    if (add(folded(thread))) continue
    shown.push(`(${count(others.length - index, 'more thread')})`)
    break
  }
  return `${shown.join(SEPARATOR)}\n`
}

function whole(text: string): Part {
  return (room) => text.length <= room ? text : undefined
}

function under(title: string, part: Part): Part {
  return (room) => {
    const text = part(room - title.length - SEPARATOR.length)
    return text === undefined ? undefined : `${title}${SEPARATOR}${text}`
  }
}

function facts({ core, crash, release, outcome }: MarkdownParts): string[][] {
  const unrated = unratedText(crash)
  const { blame, rated, exploitable, signature, duphash } = crash
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  return [
    ['Program', program === undefined ? undefined : code(program)],
    ['Release', release === undefined ? undefined : code(release)],
    ['Signal', signalText(core)],
    ['Package', blame === undefined ? undefined : blameText(blame)],
    ['Exploitable', exploitable && `${CLASSES[exploitable.class]} of 9: ${reasonOf(exploitable.class)}`],
    ['Rating', rated === undefined ? unrated && code(unrated) : `${rated.rating} of 4`],
    ['Signature', signature && code(signature.value)],
    ['duphash', duphash && code(duphash.value)],
    ['Result', `${outcome.code}: ${code(outcome.summary)}`],
  ].flatMap(([name, value]) => name === undefined || value === undefined ? [] : [[name, value]])
}

function signalText(core: Core): string | undefined {
  const signal = signalOf(core)
  if (signal === 0) return undefined
  const info = core.siginfo?.signal === signal ? core.siginfo : undefined
  const cause = info && codeName(signal, info.code)
  const address = info?.address === undefined ? '' : `, address ${code(`0x${info.address.toString(16)}`)}`
  return `${signalName(signal)}${cause === undefined ? '' : ` (${cause})`}${address}`
}

function blameText({ package: name, version, newer, path }: NonNullable<Crash['blame']>): string {
  if (name === undefined) return `none known has ${code(path)}`
  const known = version === undefined ? code(name) : code(`${name} ${version}`)
  return newer === undefined ? known : `${known}; a newer one is there: ${code(newer)}`
}

/** The frames without locals. */
function stackOf(thread: ReportThread, most: number): string[] {
  const lines = framesText(thread).split('\n').filter((line) => line.startsWith('#'))
  const shown = lines.slice(0, most)
  const more = lines.length - shown.length
  const rest = more > 0 || thread.more ? [`(${more > 0 ? `${more} more` : 'more'})`] : []
  return [...shown, ...rest, ...stackRemarks(thread, { isSaid: false })]
}

/** What the crashed thread was doing in a language. */
function languageStack(language: Languages['languages'][number]): Part {
  const name = `### ${LANGUAGE_NAMES[language.interpreter.language]}: ${code(interpreterText(language))}`
  const stack = language.stacks.find(({ isCrashed, frames }) => isCrashed && frames.length > 0)
  if (stack === undefined) return whole(name)
  const lines = stackLines(stack).map((line) => line.trim())
  const more = lines.length - MAX_CRASHED_FRAMES
  return under(name, fenced([...lines.slice(0, MAX_CRASHED_FRAMES), ...(more > 0 ? [`(${more} more)`] : [])]))
}

/** Another thread, folded: all of it, or nothing. */
function folded(thread: ReportThread): Part {
  const title = `Thread ${thread.number} (LWP ${thread.lwp}), ${count(thread.frames.length, 'frame')}`
  const stack = fenced(stackOf(thread, MAX_OTHER_FRAMES))(Infinity) ?? ''
  return whole(`<details><summary>${title}</summary>\n\n${stack}\n\n</details>`)
}

/** Lines behind a fence that nothing in them ends; as many of them as there is room for, and how many are not shown. */
function fenced(all: readonly string[]): Part {
  const lines = all.map((line) => line.length > MAX_LINE ? `${cutText(line, MAX_LINE)}...` : line)
  return (room) => {
    const fit = (shown: number) => {
      const rest = shown < lines.length ? [`(${count(lines.length - shown, 'more line')})`] : []
      const text = [...lines.slice(0, shown), ...rest].join('\n')
      const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
      return `${fence}text\n${text}\n${fence}`
    }
    for (let shown = lines.length; shown > 0; shown = Math.floor(shown * 0.75)) {
      const text = fit(shown)
      if (text.length <= room) return text
    }
    return lines.length === 0 && fit(0).length <= room ? fit(0) : undefined
  }
}

function sourceLinks(frames: readonly ReportFrame[]): Part[] {
  const links = frames.slice(0, MAX_LINKS).flatMap((frame) => {
    const url = sourceUrlOf(frame)
    return url === undefined || url.length > MAX_URL ? [] : [`- #${frame.level}: <${url}>`.replace('#', 'frame ')]
  })
  return links.length === 0 ? [] : [whole(links.join('\n'))]
}

function lacks(threads: readonly ReportThread[]): Part[] {
  const found = lacksOf(threads).slice(0, MAX_LACKS)
  return found.length === 0
    ? []
    : [whole(['### Missing', found.map((lack) => `- ${code(lackText(lack))}`).join('\n')].join(SEPARATOR))]
}

function table(rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows.map((cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  )
  return [first, '|---|---|', ...rest].join('\n')
}

/** A span of code. */
function code(text: string): string {
  const shown = escapeText(text, { length: MAX_CODE })
  const fence = '`'.repeat(longestRun(shown) + 1)
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : ''
  return `${fence}${space}${shown}${space}${fence}`
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}
