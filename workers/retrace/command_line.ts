/** The worker's command line. */
import { stdin } from 'node:process'
import { settingsHelp } from '../../src/config/help.ts'
import { UsageError } from '../../src/errors/usage_error.ts'

export const NAME = 'abrt-retrace-worker'

const MAX_LINE = 8192

export const help = (): string =>
  `Usage: ${NAME} [--] DIR | - [DRAFT] | --index | -h | --help | --version

Makes the backtrace of one task: DIR holds the file coredump and what the client said about it. With '-' the directory
is one line of standard input, so that a server can start the worker before it has the core; what has come of it, in the
directory DRAFT, is read and looked up meanwhile, packages are fetched, and the debugger is started. Progress goes to standard
output, complaints to standard error; the results are files in DIR, of which retrace-log is the last. With --index it makes
indices of the kept debuginfo that tasks used and that has none yet, and copies that are not compressed: gdb reads those faster.

${settingsHelp(NAME)}

Exit codes: 0 a backtrace was written (perhaps in part), or all indices, 1 the task ended without, 2 DIR is no task.`

export type Command = { kind: 'help' } | { kind: 'version' } | { kind: 'index' } | { kind: 'task'; dir: string } | {
  kind: 'wait'
  /** Where the core arrives meanwhile. */
  draft: string | undefined
}

/** Throws UsageError. */
export function readCommandLine(words: readonly string[]): Command {
  // Behind '--' nothing is an option: DIR may begin with a dash.
  const end = words.indexOf('--')
  const options = (end < 0 ? words : words.slice(0, end)).filter((word) => word.startsWith('-') && word !== '-')
  const operands = words.filter((word, at) => end >= 0 && at > end || !word.startsWith('-') || word === '-')
  const [option, ...more] = options
  if (option !== undefined) {
    if (more.length + operands.length > 0) {
      throw new UsageError(`'${option}' goes with no other argument; see --help`)
    }
    return readOption(option)
  }
  const [word, ...rest] = operands
  if (word === '-' && end < 0 && rest.length === 1 && rest[0] !== '') return { kind: 'wait', draft: rest[0] }
  if (word === undefined || word === '' || rest.length > 0) {
    throw new UsageError(`Expected one argument, a task's directory, got ${operands.length}; see --help`)
  }
  return word === '-' && end < 0 ? { kind: 'wait', draft: undefined } : { kind: 'task', dir: word }
}

function readOption(word: string): Command {
  if (word === '--help' || word === '-h') return { kind: 'help' }
  if (word === '--version') return { kind: 'version' }
  if (word === '--index') return { kind: 'index' }
  throw new UsageError(`There is no option '${word}'; see --help`)
}

/** The first line of standard input; undefined when it ends, or `signal` aborts, without one: nothing is to be done. */
export async function lineFromInput(signal: AbortSignal): Promise<string | undefined> {
  let text = ''
  const lines = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    stdin.setEncoding('utf8')
    stdin.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n') || text.length > MAX_LINE) resolve()
    })
    stdin.on('end', () => resolve())
    stdin.on('error', () => resolve())
  })
  await lines
  stdin.destroy()
  return signal.aborted ? undefined : text.split('\n', 1)[0] || undefined
}
