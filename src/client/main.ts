/** retrace: its command line, its signals and its exit codes; `retrace.ts` has the steps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process, { argv, exit, stderr, stdout } from 'node:process'
import { clientEnvironment } from '../config/client_environment.ts'
import { UsageError } from '../errors/usage_error.ts'
import { clientVersion } from './version.ts'
import { escapeText } from '../text/escape.ts'
import { type Command, help, NAME, readCommandLine } from './command_line.ts'
import { ClientFailure, EXIT, sentenceOf } from './failure.ts'
import { retraceLocally } from './local.ts'
import { taskNamed } from './memory.ts'
import { readCrash, retraceCrash, type Tools } from './retrace.ts'
import { Screen } from './screen.ts'
import { Server } from './server.ts'
import { settingsOf } from './settings.ts'
import { aboutTask, listTasks } from './tasks.ts'
import { showText } from './what.ts'

const stop = new AbortController()
const progress = { hasSent: false }

async function main(command: Command): Promise<number> {
  if (command.kind === 'help') return say(help())
  if (command.kind === 'version') return say(`${NAME} ${clientVersion()}`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // The second one does not wait for the server.
    process.on(signal, () => stop.signal.aborted ? exit(leavingCode()) : stop.abort())
  }
  const folder = mkdtempSync(join(tmpdir(), 'retrace-'))
  // However it ends, save by a kill that cannot be seen.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return await run(command, {
    environment: clientEnvironment(),
    folder,
    screen: new Screen(command.options),
    signal: stop.signal,
    progress,
  })
}

async function run(command: Exclude<Command, { kind: 'help' | 'version' }>, tools: Tools): Promise<number> {
  if (command.kind === 'list') return listTasks(tools)
  if (command.kind === 'show-what') {
    using crash = await readCrash(command, command.options, tools)
    if (crash.slim === undefined) return say(`${crash.about}: the core is sent as it is`)
    return say(showText(crash.slim, crash.machine, crash.core.architecture ?? '').trimEnd())
  }
  if (command.kind === 'retrace' && command.options.isLocal) {
    using crash = await readCrash(command, { ...command.options, sendsFullCore: true }, tools)
    tools.screen.tell(crash.about)
    return await retraceLocally(crash, command.options, tools)
  }
  const { environment, screen } = tools
  const task = 'id' in command ? taskNamed(environment.stateFolder, command.id, command.options.server) : undefined
  const settings = settingsOf({ ...command.options, ...(task && { server: task.server }) }, environment)
  if (settings.isInsecure) {
    screen.tell(
      '--insecure: any certificate is believed, so whoever is on the way can read what is sent, and change the answer',
    )
  }
  const server = new Server(settings)
  try {
    if ('id' in command) return task === undefined ? EXIT.none : await aboutTask(command, task, server, tools)
    using crash = await readCrash(command, command.options, tools)
    return await retraceCrash(crash, command.options, server, tools)
  } finally {
    await server.close()
  }
}

function say(text: string): number {
  stdout.write(`${text}\n`)
  return EXIT.backtrace
}

/** Waits until what was printed is out: a pipe takes its time. */
async function leave(code: number): Promise<never> {
  await new Promise<void>((resolve) => stdout.write('', () => resolve()))
  exit(code)
}

/** Nothing is left on the server, unless the task was there before. */
function leavingCode(): number {
  return progress.hasSent ? EXIT.none : EXIT.declined
}

// Whoever reads the answer may stop reading, as head(1) does.
for (const stream of [stdout, stderr]) stream.on('error', () => exit(EXIT.none))
/** In a function: a single executable holds a script, in which nothing can be awaited outside of one. */
async function start(): Promise<void> {
  try {
    await leave(await main(readCommandLine(argv.slice(2))))
  } catch (error) {
    if (stop.signal.aborted) await leave(leavingCode())
    stderr.write(`${NAME}: ${escapeText(sentenceOf(error))}\n`)
    await leave(error instanceof UsageError ? EXIT.usage : error instanceof ClientFailure ? error.exit : EXIT.none)
  }
}

void start()
