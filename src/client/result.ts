/** What there is of a task in the end, in the shape that was asked for. */
import { writeFileSync } from 'node:fs'
import { stdout } from 'node:process'
import { errnoOf } from '../errors/errno.ts'
import { escapedJson, escapeText } from '../text/escape.ts'
import { answerText } from './answer.ts'
import type { Options, Shape } from './command_line.ts'
import { ClientFailure, EXIT } from './failure.ts'
import { page } from './pager.ts'
import { readReport } from './report.ts'
import { ask, firstLine, type Task } from './send.ts'
import { MAX_ANSWER, type Server } from './server.ts'

export interface Showing {
  readonly options: Pick<Options, 'shape' | 'output' | 'color'>
  readonly isPlain: boolean
  readonly pager: string | undefined
  readonly signal: AbortSignal
}

const ACCEPT: Record<Shape, string> = {
  eyes: 'application/json, text/plain;q=0.5',
  full: 'application/json, text/plain;q=0.5',
  json: 'application/json',
  markdown: 'text/markdown, text/plain;q=0.5',
}

/** Prints the backtrace and resolves to an exit code; where there is none, what the server says of that. */
export async function showBacktrace(server: Server, task: Task, showing: Showing): Promise<number> {
  const { options: { shape }, signal } = showing
  const answer = await ask(server, task, '/backtrace', { accept: ACCEPT[shape], signal })
  if (answer.status !== 200) {
    const said = firstLine(await answer.text())
    if (answer.status !== 404) {
      throw new ClientFailure(`The server does not give the backtrace (${answer.status}): ${said}`)
    }
    return await showLack(server, task, showing)
  }
  const text = await answer.text(MAX_ANSWER)
  await show(shaped(text, answer.header('Content-Type') ?? '', showing), showing)
  return EXIT.backtrace
}

/** Why there is none, and what to do about it. */
async function showLack(server: Server, task: Task, showing: Showing): Promise<number> {
  const answer = await ask(server, task, '', { signal: showing.signal })
  print(`${escapeText((await answer.text()).trimEnd(), { keep: '\t\n' })}\n`, showing)
  return EXIT.none
}

function shaped(text: string, type: string, { options, isPlain }: Showing): string {
  if (type.startsWith('application/json')) {
    if (options.shape === 'json') return escapedJson(text)
    const report = readReport(text)
    if (report !== undefined) {
      return answerText(report, { isFull: options.shape === 'full', hasColor: usesColor(options, isPlain) })
    }
  }
  if (options.shape === 'json') throw new ClientFailure('The server is an older one: it gives no JSON')
  return escapeText(text, { keep: '\t\n' })
}

/** Whether the answer is coloured. */
export function usesColor({ color, output }: Showing['options'], isPlain: boolean): boolean {
  if (color !== 'auto') return color === 'always'
  return output === undefined && stdout.isTTY === true && !isPlain
}

/** As `print`, and a whole answer on a terminal through the pager. */
export async function show(text: string, showing: Omit<Showing, 'signal'>): Promise<void> {
  const { options: { shape, output }, pager } = showing
  if (shape === 'full' && output === undefined && stdout.isTTY === true) await page(text, pager)
  else print(text, showing)
}

/** To standard output, or into a new file that only this person can read. Throws ClientFailure. */
export function print(text: string, { options: { output } }: Pick<Showing, 'options'>): void {
  if (output === undefined) return void stdout.write(text)
  try {
    writeFileSync(output, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const why = errnoOf(cause) === 'EEXIST' ? 'is there already' : `cannot be written (${errnoOf(cause) ?? cause})`
    throw new ClientFailure(`${output} ${why}`, { exit: EXIT.usage, cause })
  }
}
