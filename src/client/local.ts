/**
 * `--local`: the worker that a server would start, on this machine, with the person's own repositories; nothing leaves it but what
 * asks for packages. Where there is none, a sentence names the package that has it.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { LocalPlaces } from '../config/client_environment.ts'
import type { SenderProgram } from '../process/programs.ts'
import { startForSender } from '../process/sender.ts'
import { escapedJson, escapeText } from '../text/escape.ts'
import { answerText } from './answer.ts'
import type { Options } from './command_line.ts'
import { ClientFailure, EXIT } from './failure.ts'
import { readReport } from './report.ts'
import { show, usesColor } from './result.ts'
import type { Crash, Tools } from './retrace.ts'

const WORKER = 'abrt-retrace-worker'
const SYNC = 'abrt-reposync'
const PACKAGE = 'abrt-retrace-server'
/** A worker ends by itself after RETRACE_TASK_TIMEOUT_S, 600 s where nobody says otherwise. */
const WORK_MS = 7_200_000
const SYNC_MS = 7_200_000

/** Resolves to an exit code. Throws ClientFailure. */
export async function retraceLocally(crash: Crash, options: Options, tools: Tools): Promise<number> {
  const { environment, folder, screen } = tools
  const places = environment.local
  if (places !== undefined) prepare(places)
  const settings = settingsWords(places)
  if (places !== undefined && !existsSync(places.database)) await run(SYNC, ['env', ...settings, SYNC], tools)
  const task = join(folder, 'task')
  makeTask(crash, task)
  await run(WORKER, ['env', ...settings, WORKER, task], tools)
  screen.clear()
  const name = options.shape === 'markdown' ? 'backtrace.md' : 'backtrace.json'
  const text = textOf(join(task, name))
  if (text === undefined) {
    const { summary, next_step: next } = JSON.parse(textOf(join(task, 'outcome.json')) ?? '{}') as Record<
      string,
      string
    >
    throw new ClientFailure([summary ?? 'The worker made no backtrace', next].filter(Boolean).join(' '))
  }
  await show(shaped(text, options, tools), { options, isPlain: environment.isPlain, pager: environment.pager })
  return EXIT.backtrace
}

function shaped(text: string, options: Options, { environment }: Tools): string {
  if (options.shape === 'json') return escapedJson(text)
  if (options.shape === 'markdown') return escapeText(text, { keep: '\t\n' })
  const report = readReport(text)
  if (report === undefined) throw new ClientFailure('The worker made a backtrace that this retrace does not know')
  return answerText(report, { isFull: options.shape === 'full', hasColor: usesColor(options, environment.isPlain) })
}

/** What the worker is told beside the environment, as env(1) takes it. Pure. */
export function settingsWords(places: LocalPlaces | undefined): string[] {
  return places === undefined ? [] : [
    `RETRACE_REPOS_D=${places.repositories}`,
    `RETRACE_DATABASE=${places.database}`,
    `RETRACE_REPO_DIR=${places.packages}`,
  ]
}

/** The person's own folders. Throws ClientFailure where no repository is named. */
function prepare({ repositories, database, packages }: LocalPlaces): void {
  const names = existsSync(repositories) ? readdirSync(repositories) : []
  if (!names.some((name) => /\.(sources|repo)$/.test(name))) {
    throw new ClientFailure(
      `${repositories} holds no repository: copy .sources files of apt or .repo files of dnf into it, with those of debuginfo ` +
        '(abrt-retrace-repos(5)), or run this as root, for those of the system',
      { exit: EXIT.usage },
    )
  }
  for (const folder of [dirname(database), packages]) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** A task's directory, as a server makes one of an upload (docs/architecture.md, "A task's directory"). */
function makeTask({ found, core, machine }: Crash, task: string): void {
  mkdirSync(task, { mode: 0o700 })
  try {
    linkSync(found.path, join(task, 'coredump'))
  } catch {
    // Of another file system, or of another user: Linux lets nobody link to what they may only read (proc(5), protected_hardlinks).
    copyFileSync(found.path, join(task, 'coredump'), constants.COPYFILE_FICLONE)
  }
  writeFileSync(join(task, 'manifest'), machine === undefined ? 'bare\n' : 'design\n')
  if (machine === undefined) return
  writeFileSync(join(task, 'architecture'), `${core.architecture ?? ''}\n`)
  writeFileSync(join(task, 'release'), `${machine.release}\n`)
  writeFileSync(join(task, 'packages'), machine.packages.map((each) => `${each}\n`).join(''))
}

/** Runs a program of the installation, and shows what it says while it does. Throws ClientFailure where it is not there. */
async function run(
  program: SenderProgram,
  words: [string, ...string[]],
  { screen, signal }: Pick<Tools, 'screen' | 'signal'>,
): Promise<void> {
  const timeoutMs = program === WORKER ? WORK_MS : SYNC_MS
  await using running = startForSender(program, words, { environment: 'inherited', signal, timeoutMs })
  let rest = ''
  running.output.on('data', (bytes: Uint8Array) => {
    const lines = (rest + new TextDecoder().decode(bytes)).split('\n')
    rest = (lines.pop() ?? '').slice(0, 4096)
    for (const line of lines) if (line !== '') screen.now(line)
  })
  const { code, failure, complaint } = await running.ended
  signal.throwIfAborted()
  if (code === 127 || failure?.kind === 'not-started') {
    throw new ClientFailure(
      `There is no ${program} on this machine: it is in the package ${PACKAGE}, with gdb and what else it needs; without ` +
        '--local the core goes to a server',
    )
  }
  if (failure !== undefined || code === 2 || (program === SYNC && code !== 0)) {
    throw new ClientFailure(`${program} did not work: ${failure?.message ?? complaint}`)
  }
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
