/**
 * A backtrace for eyes: what happened, the crashed thread first, threads with equal stacks folded, what is missing and what to do
 * about it. Pure. Every word of it came from a server, and is escaped.
 */
import { count } from '../text/count.ts'
import { escapeText } from '../text/escape.ts'
import type { Frame, Report, Stack, Value } from './report.ts'

export interface AnswerOptions {
  readonly hasColor: boolean
  /** All frames, all threads, and local variables. */
  readonly isFull: boolean
}

/** Frames of the crashed thread, and of another one, that are shown where not all are. */
const CRASHED_FRAMES = 40
const OTHER_FRAMES = 8
const OTHER_THREADS = 12
const VALUE_LENGTH = 80
const FULL_LENGTH = 4096

const CODES = { bold: '1', dim: '2', alarm: '31', green: '32', yellow: '33', cyan: '36' } as const

type Paint = (color: keyof typeof CODES, text: string) => string

/** Lines, each with its end. */
export function answerText(report: Report, options: AnswerOptions): string {
  const paint: Paint = (color, text) => options.hasColor ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text
  const crashed = report.threads.find(({ isCrashed }) => isCrashed) ?? report.threads[0]
  const others = report.threads.filter((thread) => thread !== crashed)
  const lines = [
    ...(report.sentence === undefined ? [] : [paint('bold', clean(report.sentence))]),
    ...report.messages.map((message) => paint('alarm', clean(message))),
    '',
    ...(crashed === undefined ? [] : stackLines(crashed, `${nameOf(crashed)}, which crashed`, { ...options, paint })),
    ...report.scripts.filter(({ isCrashed, frames }) => (isCrashed || options.isFull) && frames.length > 0)
      .flatMap((
        stack,
      ) => ['', ...stackLines(stack, `${clean(stack.language)} of ${nameOf(stack)}`, { ...options, paint })]),
    ...otherLines(others, { ...options, paint }),
    '',
    ...(report.summary === undefined ? [] : [clean(report.summary)]),
    ...(report.nextStep === undefined ? [] : [paint('yellow', clean(report.nextStep))]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** Threads whose stacks are of the same functions, in the order of the first of each. */
export function folded(threads: readonly Stack[]): Stack[][] {
  const groups = new Map<string, Stack[]>()
  for (const thread of threads) {
    const key = thread.frames.map((frame) => keyOf(frame)).join('\n')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [thread])
    else group.push(thread)
  }
  return [...groups.values()]
}

/** Frames without a name are the same where they lie at the same place. */
function keyOf({ function: name, place, module, address }: Frame): string {
  return [name, place ?? '', ...(name === '??' ? [module ?? '', address ?? ''] : [])].join('\0')
}

/** Innermost functions of threads that wait: system calls that do, and what the C library calls them in. */
const WAITING =
  /^_*(GI_+)?(libc_)?(poll|ppoll|select|pselect|epoll_p?wait2?|futex|syscall_cancel|syscall_cancel_arch|internal_syscall_cancel|futex_abstimed_wait\w*|lll_lock_wait\w*|pthread_cond_\w*wait\w*|pthread_join\w*|pthread_clockjoin\w*|sem_\w*wait\w*|clock_nanosleep\w*|nanosleep|wait4|waitpid|waitid|read|readv|recv\w*|accept4?|sigwait\w*|sigtimedwait|sigsuspend|pause|flock|fcntl\w*)$/

interface Drawing extends AnswerOptions {
  readonly paint: Paint
}

function otherLines(threads: readonly Stack[], drawing: Drawing): string[] {
  const groups = drawing.isFull ? threads.map((thread) => [thread]) : folded(threads)
  const shown = drawing.isFull ? groups : groups.slice(0, OTHER_THREADS)
  const rest = groups.slice(shown.length).reduce((sum, group) => sum + group.length, 0)
  return [
    ...shown.flatMap((group) => {
      const [first] = group
      return first === undefined ? [] : ['', ...stackLines(first, titleOf(group, first), drawing)]
    }),
    ...(rest === 0 ? [] : ['', drawing.paint('dim', `and ${count(rest, 'thread')} more (--full)`)]),
  ]
}

/** `31 threads wait in g_main_loop_run (2-32)`; of those that do something: `are in`. */
function titleOf(group: readonly Stack[], first: Stack): string {
  if (group.length === 1) return nameOf(first)
  const own = first.frames.find(({ isLibrary, function: name }) => !isLibrary && name !== '??') ?? first.frames[0]
  const numbers = ranges(group.flatMap(({ number }) => number ?? []))
  const does = WAITING.test(first.frames[0]?.function.replace(/@.*$/, '') ?? '') ? 'wait' : 'are'
  return `${count(group.length, 'thread')} ${does} in ${clean(own?.function ?? '??')} (${numbers})`
}

function stackLines(stack: Stack, title: string, drawing: Drawing): string[] {
  const limit = drawing.isFull ? Infinity : stack.isCrashed ? CRASHED_FRAMES : OTHER_FRAMES
  const shown = stack.frames.slice(0, limit)
  const rest = stack.frames.length - shown.length
  const more = rest > 0 || stack.hasMore
  return [
    drawing.paint('bold', `${title}:`),
    ...shown.flatMap((frame) => frameLines(frame, drawing)),
    ...(more ? [drawing.paint('dim', `  and ${rest > 0 ? `${count(rest, 'frame')} more (--full)` : 'more'}`)] : []),
  ]
}

function frameLines(frame: Frame, { paint, isFull }: Drawing): string[] {
  const length = isFull ? FULL_LENGTH : VALUE_LENGTH
  const level = `#${frame.level}`.padEnd(4)
  const given = frame.arguments.map((each) => valueText(each, length)).join(', ')
  const place = frame.place !== undefined
    ? ` at ${clean(frame.place)}`
    : frame.module
    ? ` from ${clean(frame.module)}`
    : ''
  if (frame.isLibrary) return [paint('dim', `  ${level}${clean(frame.function)} (${given})${place}`)]
  const name = paint('cyan', clean(frame.function))
  const line = `  ${level}${name} (${given})${
    frame.place === undefined ? place : ` at ${paint('green', clean(frame.place))}`
  }`
  return [line, ...(isFull ? frame.locals.map((each) => `        ${valueText(each, length)}`) : [])]
}

function valueText({ name, value }: Value, length: number): string {
  return `${clean(name)}=${escapeText(value, { length })}`
}

function nameOf({ number, lwp }: Stack): string {
  return `Thread ${number ?? '?'}${lwp === undefined ? '' : ` (LWP ${lwp})`}`
}

/** `2-4, 7`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = []
  for (const each of numbers.toSorted((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last !== undefined && each <= last[1] + 1) last[1] = each
    else parts.push([each, each])
  }
  return parts.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(', ')
}

function clean(text: string): string {
  return escapeText(text, { length: 2000 })
}
