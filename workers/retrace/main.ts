/** abrt-retrace-worker: its command line, its signals and its exit codes; `retrace.ts` has the steps of a task. */
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import process, { argv, exit, stderr, stdout } from 'node:process'
import { readConfig } from '../../src/config/config.ts'
import { readProxies } from '../../src/config/proxy_environment.ts'
import { closeInherited } from '../../src/process/inherited.ts'
import { wallUsers } from '../../src/process/users.ts'
import { isDiskFull } from '../../src/errors/errno.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { count } from '../../src/text/count.ts'
import { escapeText } from '../../src/text/escape.ts'
import { goOnUnread } from '../../src/program/output.ts'
import { EXIT, installationRoot, version } from '../../src/program/program.ts'
import { EXIT_DISK_FULL } from '../../src/task/outcome.ts'
import { type Step, writeStep } from '../../src/task/step.ts'
import { Task } from '../../src/task/task.ts'
import { help, lineFromInput, NAME, readCommandLine } from './command_line.ts'
import { endAgain } from './deliver.ts'
import { engines } from './gdb/engines.ts'
import { makeIndexes } from './indexing/make_indexes.ts'
import { journal } from './journal.ts'
import { openTask } from './open_task.ts'
import { Preparation } from './prepare.ts'
import { retrace } from './retrace.ts'
import type { Tools } from './tools.ts'

async function main(words: readonly string[]): Promise<number> {
  const command = readCommandLine(words)
  if (command.kind === 'help') return print(help())
  if (command.kind === 'version') return print(`${NAME} ${version()}`)
  closeInherited(0)
  const config = { ...readConfig([NAME]), proxies: readProxies() }
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopSoon(stop))
  const tools = {
    config,
    engines: engines(config.engineDir),
    root: join(installationRoot(), 'workers', 'retrace', 'root'),
  }
  if (command.kind === 'index') {
    setPriority(LOWEST_PRIORITY)
    const { made, failed } = await makeIndexes({ ...tools, signal: stop.signal, say: print })
    return print(`${count(made, 'index', 'indices')} made, of ${count(failed, 'file')} none can be made`)
  }
  // Needed by the wall, and made while the core is read; who needs it hears why it could not be made.
  wallUsers().catch(() => undefined)
  // What is said before there is a task is of no step of it.
  let onStep = (_: Step): void => undefined
  const said = journal({ onStep: (step) => onStep(step) })
  const all = { ...tools, signal: stop.signal, said }
  const line = command.kind === 'task' ? Promise.resolve(command.dir) : lineFromInput(stop.signal)
  await using preparation = command.kind === 'wait' ? await prepareFor(command.draft, line, all) : undefined
  const dir = await line
  if (dir === undefined) return EXIT.done
  const task = openTask(dir)
  if (task.hasEnded()) return endAgain(task) ? EXIT.done : EXIT.failed
  onStep = (step) => writeStep(task, step)
  return await retrace(task, { ...all, preparation })
}

/** Nothing is prepared for a task that comes at once: it would be done twice. */
async function prepareFor(
  draft: string | undefined,
  line: Promise<string | undefined>,
  tools: Tools,
): Promise<Preparation | undefined> {
  if (draft === undefined) return undefined
  const hasCome = await Promise.race([line.then(() => true), sleep(PATIENCE_MS, false)])
  return hasCome ? undefined : new Preparation(new Task(draft), tools)
}

const STOP_MS = 5_000
/** Time for a core that has come whole before its worker was up. */
const PATIENCE_MS = 20
const LOWEST_PRIORITY = 19

/** Stops the step that runs; one that does not heed it has some seconds. The sandbox dies with this process. */
function stopSoon(stop: AbortController): void {
  stop.abort()
  setTimeout(() => exit(EXIT.failed), STOP_MS).unref()
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function print(text: string): number {
  goOnUnread(NAME)
  stdout.write(`${text}\n`)
  return EXIT.done
}

// Not awaited: the bundle is a script, which V8 can be given compiled (ops/lib/start.cjs).
main(argv.slice(2)).then(exit, (error) => {
  stderr.write(`${NAME}: ${escapeText(describe(error))}\n`)
  exit(isDiskFull(error) ? EXIT_DISK_FULL : error instanceof UsageError ? EXIT.usage : EXIT.failed)
})
