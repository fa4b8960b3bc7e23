/**
 * What the worker says while it works: for the person who waits, line by line, and whole for `retrace-log`. Owns the
 * shape `STEP: text`; refuses what would not be seen in a line, and to keep more than a few megabytes.
 */
import { Buffer } from 'node:buffer'
import { stderr, stdout } from 'node:process'
import { escapeText } from '../../src/text/escape.ts'

export type Step = 'read' | 'resolve' | 'fetch' | 'assemble' | 'debug' | 'report' | 'clean' | 'done'

const MAX_LOG = 4 << 20
const MAX_LINE = 1_000

export interface Journal {
  /** Progress, to standard output. */
  say(step: Step, text: string): void
  /** A complaint, to standard error. */
  complain(step: Step, text: string): void
  /** Detail that only the log keeps. */
  note(step: Step, text: string): void
  /** Takes a line that has its step in front already. */
  repeat(line: string): void
  /** Everything that was said, a line each. */
  text(): string
}

/** A journal that speaks through `out` and `err`, by default the process's own streams; one may be gone. */
export function journal(
  out: (line: string) => void = toStream(stdout),
  err: (line: string) => void = toStream(stderr),
): Journal {
  const lines: string[] = []
  let size = 0
  const keep = (line: string, write?: (line: string) => void) => {
    if (size < MAX_LOG) lines.push(line)
    size += line.length + 1
    write?.(`${line}\n`)
  }
  return {
    say: (step, text) => keep(oneLine(`${step}: ${text}`), out),
    complain: (step, text) => keep(oneLine(`${step}: ${text}`), err),
    note: (step, text) => keep(oneLine(`${step}: ${text}`)),
    repeat: (line) => keep(oneLine(/^[a-z]+: /.test(line) ? line : `resolve: ${line}`), out),
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
