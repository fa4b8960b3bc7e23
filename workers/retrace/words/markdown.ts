/**
 * The file `backtrace.md`: a backtrace for issue trackers (GitHub Flavored Markdown). Owns what of it is shown in public:
 * frames with their arguments, no locals, no registers, no command line; and that all strangers' words are code, so that none
 * is a mention, a link or a heading.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { count } from '../../../src/text/count.ts'
import { escapeText } from '../../../src/text/escape.ts'
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
import { lackText } from './lack.ts'

/** Trackers refuse more than 65,536 characters. */
const MAX_TEXT = 60_000
const MAX_CRASHED_FRAMES = 64
const MAX_OTHER_FRAMES = 32
const MAX_LINE = 300
const MAX_LACKS = 40
const MAX_LINKS = 10

export interface MarkdownParts {
  readonly core: Core
  readonly crash: Crash
  readonly sentence: string
  readonly threads: readonly ReportThread[]
  readonly languages: Languages
  readonly release: string | undefined
  readonly outcome: { readonly code: string; readonly summary: string }
}

export function markdown(parts: MarkdownParts): string {
  const [crashed, ...others] = parts.threads
  const head = [
    `## ${code(parts.sentence)}`,
    table([['', ''], ...facts(parts)]),
    ...(crashed === undefined ? [] : [
      '### Crashed thread',
      stack(crashed, MAX_CRASHED_FRAMES),
      ...sourceLinks(crashed.frames),
      ...parts.languages.languages.flatMap(languageStack),
    ]),
    ...lacks(parts.threads),
  ]
  return withThreads(head.join('\n\n'), others)
}

function facts({ core, crash, release, outcome }: MarkdownParts): string[][] {
  const { blame, rated, exploitable, signature, duphash } = crash
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  return [
    ['Program', program === undefined ? undefined : code(program)],
    ['Release', release === undefined ? undefined : code(release)],
    ['Signal', signalText(core)],
    ['Package', blame === undefined ? undefined : blameText(blame)],
    ['Exploitable', exploitable && `${CLASSES[exploitable.class]} of 9: ${reasonOf(exploitable.class)}`],
    ['Rating', rated && `${rated.rating} of 4`],
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

/** The frames without locals, behind a fence that nothing in them ends. */
function stack(thread: ReportThread, most: number): string {
  const lines = framesText(thread).split('\n').filter((line) => line.startsWith('#'))
  const shown = lines.slice(0, most)
  const more = lines.length - shown.length
  const rest = more > 0 || thread.more ? [`(${more > 0 ? `${more} more` : 'more'})`] : []
  const remarks = stackRemarks(thread, { isSaid: false })
  return fenced([...shown, ...rest, ...remarks])
}

/** What the crashed thread was doing in a language. */
function languageStack(language: Languages['languages'][number]): string[] {
  const name = `### ${LANGUAGE_NAMES[language.interpreter.language]}: ${code(interpreterText(language))}`
  const stack = language.stacks.find(({ isCrashed, frames }) => isCrashed && frames.length > 0)
  if (stack === undefined) return [name]
  const lines = stackLines(stack).map((line) => line.trim())
  const more = lines.length - MAX_CRASHED_FRAMES
  return [name, fenced([...lines.slice(0, MAX_CRASHED_FRAMES), ...(more > 0 ? [`(${more} more)`] : [])])]
}

function fenced(lines: readonly string[]): string {
  const text = lines.map((line) => line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}...` : line).join('\n')
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}text\n${text}\n${fence}`
}

function sourceLinks(frames: readonly ReportFrame[]): string[] {
  const links = frames.slice(0, MAX_LINKS).flatMap((frame) => {
    const url = sourceUrlOf(frame)
    return url === undefined ? [] : [`- #${frame.level}: <${url}>`.replace('#', 'frame ')]
  })
  return links.length === 0 ? [] : [links.join('\n')]
}

function lacks(threads: readonly ReportThread[]): string[] {
  const found = lacksOf(threads).slice(0, MAX_LACKS)
  return found.length === 0 ? [] : ['### Missing', found.map((lack) => `- ${code(lackText(lack))}`).join('\n')]
}

/** As many of the other threads, each folded, as there is room for. */
function withThreads(head: string, others: readonly ReportThread[]): string {
  let text = head.length > MAX_TEXT ? `${head.slice(0, MAX_TEXT)}\n` : head
  for (const [index, thread] of others.entries()) {
    const title = `Thread ${thread.number} (LWP ${thread.lwp}), ${count(thread.frames.length, 'frame')}`
    const block = `<details><summary>${title}</summary>\n\n${stack(thread, MAX_OTHER_FRAMES)}\n\n</details>`
    if (text.length + block.length > MAX_TEXT) return `${text}\n\n(${count(others.length - index, 'more thread')})\n`
    text = `${text}\n\n${block}`
  }
  return `${text}\n`
}

function table(rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows.map((cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  )
  return [first, '|---|---|', ...rest].join('\n')
}

/** A span of code. */
function code(text: string): string {
  const shown = escapeText(text)
  const fence = '`'.repeat(longestRun(shown) + 1)
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : ''
  return `${fence}${space}${shown}${space}${fence}`
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}
