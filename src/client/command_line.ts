/** The command line of `retrace`. Pure. */
import { parseArgs } from 'node:util'
import { UsageError } from '../errors/usage_error.ts'

export const NAME = 'retrace'

export const help = (): string =>
  `Usage: ${NAME} [OPTION]... [--] CORE | PID | NAME | DIR | REPORT | -
       ${NAME} [OPTION]... --last
       ${NAME} list
       ${NAME} show | status | log | delete ID

Sends what a backtrace needs of a crashed program's memory to a retrace server, and shows the backtrace. CORE is a core file,
plain or packed; PID, NAME and --last are crashes that coredumpctl keeps; DIR is a problem directory of ABRT, REPORT a .crash of
apport, - is standard input. It says what it would send, and asks.

What is sent:
  --budget MIB        memory that stacks and registers lead to; by default what the core's size asks for, at most 2.5
  --full-core         the whole core
  --no-arguments      without the command line of the program
  --no-values         without values: of memory and registers addresses of modules and stacks alone, for the frames
  --rounds N          how often the server may ask for up to 1 MB more, from 0 to 3; by default 3
  --show              says what would be sent, byte for byte where it is no memory, and sends nothing
  -y, --yes           sends without asking

Where to:
  --local             nowhere: to the abrt-retrace-worker of this machine, with your own repositories
  --server URL        also RETRACE_SERVER, or 'server = URL' in ~/.config/retrace/config or /etc/retrace/client.conf
  --ca FILE           certificates that the server's must be signed by, in place of the system's; also 'ca = FILE'
  --insecure          believes any certificate: whoever is on the way can read the memory of the program

The answer:
  --full              with local variables, all frames and all threads
  --json              as schema/backtrace.schema.json describes it
  --markdown          for issue trackers
  -o, --output FILE   into a new file
  --color WHEN        always, never or auto
  -q, --quiet         no progress
  -h, --help          this text
  --version           name and version

Exit codes: 0 there is a backtrace, 1 there is none, 2 usage, 3 nothing was sent.`

export type Shape = 'eyes' | 'full' | 'json' | 'markdown'

export interface Options {
  readonly server: string | undefined
  readonly ca: string | undefined
  readonly isInsecure: boolean
  readonly saysYes: boolean
  readonly sendsFullCore: boolean
  readonly keepsArguments: boolean
  readonly keepsValues: boolean
  /** How often the server may ask for more memory. */
  readonly rounds: number
  /** Bytes. */
  readonly budget: number | undefined
  readonly shape: Shape
  readonly output: string | undefined
  readonly color: 'always' | 'never' | 'auto'
  readonly isQuiet: boolean
  readonly isLocal: boolean
}

/** What to retrace; 'last': the newest crash that coredumpctl keeps. */
export type Command =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'retrace' | 'show-what'; what: string; isLast: boolean; options: Options }
  | { kind: 'list'; options: Options }
  | { kind: 'show' | 'status' | 'log' | 'delete'; id: string; options: Options }

const TASK_COMMANDS = ['show', 'status', 'log', 'delete'] as const

const KNOWN = {
  server: { type: 'string' },
  ca: { type: 'string' },
  insecure: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  'full-core': { type: 'boolean' },
  'no-arguments': { type: 'boolean' },
  'no-values': { type: 'boolean' },
  rounds: { type: 'string' },
  budget: { type: 'string' },
  last: { type: 'boolean' },
  show: { type: 'boolean' },
  full: { type: 'boolean' },
  json: { type: 'boolean' },
  markdown: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  color: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  local: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** Throws UsageError. */
export function readCommandLine(words: readonly string[]): Command {
  const { values, positionals, tokens } = parse(words)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  const shapes = (['full', 'json', 'markdown'] as const).filter((shape) => values[shape])
  if (shapes.length > 1) throw new UsageError(`--${shapes.join(' and --')} do not go together; see --help`)
  if (values['no-values'] && values['full-core']) throw new UsageError('--no-values and --full-core do not go together')
  const options: Options = {
    server: values.server,
    ca: values.ca,
    isInsecure: values.insecure ?? false,
    saysYes: values.yes ?? false,
    sendsFullCore: values['full-core'] ?? false,
    keepsArguments: !values['no-arguments'] && !values['no-values'],
    keepsValues: !values['no-values'],
    rounds: roundsOf(values.rounds ?? '3'),
    budget: values.budget === undefined ? undefined : budgetOf(values.budget),
    shape: shapes[0] ?? 'eyes',
    output: values.output,
    color: colorOf(values.color ?? 'auto'),
    isQuiet: values.quiet ?? false,
    isLocal: values.local ?? false,
  }
  const [first, second, ...more] = positionals
  // Behind -- nothing is a command.
  const isPlain = tokens.findIndex(({ kind }) => kind === 'option-terminator')
  const isCommand = isPlain < 0 || tokens.findIndex(({ kind }) => kind === 'positional') < isPlain
  const task = TASK_COMMANDS.find((each) => each === first)
  if (isCommand && task !== undefined && second !== undefined && more.length === 0) {
    if (!/^[1-9][0-9]{0,15}$/.test(second)) throw new UsageError(`'${task}' needs the number of a task; see --help`)
    return { kind: task, id: second, options }
  }
  if (isCommand && first === 'list' && second === undefined) return { kind: 'list', options }
  const isLast = values.last ?? false
  if (isLast ? first !== undefined : first === undefined || first === '' || second !== undefined) {
    throw new UsageError(`Expected one thing to retrace: a core file, a PID, a name, or --last; see --help`)
  }
  return { kind: values.show ? 'show-what' : 'retrace', what: first ?? '', isLast, options }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: KNOWN, allowPositionals: true, tokens: true })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new UsageError(`${cause.message.split('. ')[0]}; see --help`, { cause })
  }
}

function budgetOf(text: string): number {
  const mebibytes = Number(text)
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || mebibytes > 1024) {
    throw new UsageError(`--budget is '${text}', which is no number of MiB from 0 to 1024`)
  }
  return Math.floor(mebibytes * 2 ** 20)
}

function roundsOf(text: string): number {
  if (/^[0-3]$/.test(text)) return Number(text)
  throw new UsageError(`--rounds is '${text}', which is no number from 0 to 3`)
}

function colorOf(text: string): Options['color'] {
  if (text === 'always' || text === 'never' || text === 'auto') return text
  throw new UsageError(`--color is '${text}'; it is always, never or auto`)
}
