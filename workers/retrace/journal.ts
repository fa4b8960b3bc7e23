/**
 * What the worker says while it works: for the person who waits, line by line, and whole for `retrace-log`; and as
 * a word of a closed list, for programs. Lines have the shape `STEP: text`; characters that would not be seen in a line
 * are escaped, and no more than a few megabytes are kept.
 */
import { Buffer } from 'node:buffer'
import { stderr, stdout } from 'node:process'
import type { Step } from '../../src/task/step.ts'
import { THREAD } from '../../src/task/thread_line.ts'
import { escapeText } from '../../src/text/escape.ts'
import { MIB } from '../../src/units/bytes.ts'

/** The last line of all is of no step. */
export type Heading = Step | 'done'

const MAX_LOG = 4 * MIB
const MAX_LINE = 1_000
const KEPT_FRAMES = 16

export interface Journal {
  /** The worker does this from now on, though there is nothing to say about it. */
  begin(step: Step): void
  /** Progress, to standard output. Its step is what the worker does from now on. */
  say(step: Heading, text: string): void
  /** A complaint, to standard error. */
  complain(step: Heading, text: string): void
  /** Frames of the crashed thread, at once, to standard output; the log keeps the first. */
  thread(frames: readonly string[]): void
  /** Detail that only the log keeps. */
  note(step: Heading, text: string): void
  /** Everything that was said, a line each. */
  text(): string
}

export interface Listeners {
  /** By default the process's own streams; one may be gone. */
  out?: (line: string) => void
  err?: (line: string) => void
  /** Hears each step once as it begins, before its first line. */
  onStep?: (step: Step) => void
}

export function journal(
  { out = toStream(stdout), err = toStream(stderr), onStep = () => undefined }: Listeners = {},
): Journal {
  const lines: string[] = []
  let current: Heading | undefined
  let size = 0
  const keep = (line: string, write?: (line: string) => void) => {
    if (size < MAX_LOG) lines.push(line)
    size += line.length + 1
    write?.(`${line}\n`)
  }
  const begin = (step: Heading) => {
    if (step !== current && step !== 'done') onStep(step)
    current = step
  }
  return {
    begin,
    say: (step, text) => {
      begin(step)
      keep(oneLine(`${step}: ${text}`), out)
    },
    complain: (step, text) => keep(oneLine(`${step}: ${text}`), err),
    thread: (frames) => {
      const all = frames.map((frame) => oneLine(`${THREAD}${frame}`))
      for (const line of all.slice(0, KEPT_FRAMES)) keep(line)
      if (all.length > 0) out(`${all.join('\n')}\n`)
    },
    note: (step, text) => keep(oneLine(`${step}: ${text}`)),
    text: () => `${lines.join('\n')}\n`,
  }
}

/** What a stranger named cannot look like another line. */
function oneLine(line: string): string {
  return escapeText(line, { length: MAX_LINE })
}

function toStream(stream: NodeJS.WriteStream): (line: string) => void {
  stream.on('error', () => undefined) // nobody listens any more: the log keeps it
  return (line) => void stream.write(Buffer.from(line))
}
