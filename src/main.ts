/**
 * abrt-retrace-server: reads the command line and the settings, starts, and stops on SIGTERM.
 */
import process, { argv, exit, stderr, stdout } from 'node:process'
import { readConfig } from './config/config.ts'
import { settingsHelp } from './config/help.ts'
import { readSupervisor } from './config/supervisor_environment.ts'
import { log, startLog } from './telemetry/log.ts'
import { UsageError } from './errors/usage_error.ts'
import { goOnUnread, printed } from './program/output.ts'
import { EXIT, version } from './program/program.ts'
import { threads, workerCommand } from './program/runtime.ts'
import { check } from './health/check.ts'
import { looksNamed } from './health/looks.ts'
import { closeInherited } from './process/inherited.ts'
import { makeTaskGroups } from './process/task_groups.ts'
import { passedSocket } from './server/supervisor.ts'
import { startProgram } from './start.ts'

const NAME = 'abrt-retrace-server'
const WORKER = 'abrt-retrace-worker'
const HELP = `Usage: ${NAME} [--init | --check [LOOK...] | --help | --version]

Takes coredumps over HTTPS and answers with backtraces. It runs in the foreground and logs to standard error;
SIGTERM stops it, SIGHUP makes it read its certificate again.

  --init      make folders, a self-signed certificate, repositories out of this machine's apt or dnf, and the file of
              settings beside them, each where it is missing; ask nothing, change nothing that is there
  --check     look at configuration, certificate, spool, database, sandbox, gdb, the last sync, ..., or at those that
              are named ('--check sandbox gdb'); exit 0 or 1
  -h, --help  this text
  --version   name and version

${settingsHelp(NAME, { starts: [WORKER] })}

Exit codes: 0 done, 1 failed, 2 usage or a setting that makes no sense.`

/** Runs the program; resolves to its exit code. */
async function main(words: readonly string[]): Promise<number> {
  // Nothing may follow '--' here: there are no operands.
  const [word, ...rest] = words.at(-1) === '--' ? words.slice(0, -1) : words
  if (word === '--') throw new UsageError(`Expected nothing behind '--', got '${rest[0]}'; see --help`)
  if (rest.length > 0 && word !== '--check') {
    throw new UsageError(`Expected at most one argument, got ${words.length}; see --help`)
  }
  switch (word) {
    case '-h':
    case '--help':
      stdout.write(`${HELP}\n`)
      return EXIT.done
    case '--version':
      stdout.write(`${NAME} ${version()}\n`)
      return EXIT.done
    case '--check':
      return await check((line) => void stdout.write(`${line}\n`), { looks: looksNamed(rest) })
        ? EXIT.done
        : EXIT.failed
    case '--init': {
      // Brings all of the formats, which no server needs as long as it runs.
      const { init } = await import('./init/init.ts')
      await init((line) => void stdout.write(`${line}\n`))
      return EXIT.done
    }
    case undefined:
      return await serve()
    default:
      throw new UsageError(`There is no option '${word}'; see --help`)
  }
}

async function serve(): Promise<number> {
  const environment = readSupervisor()
  closeInherited(passedSocket(environment) === undefined ? 0 : 1)
  const config = readConfig([NAME, WORKER])
  await startLog(config)
  const groups = makeTaskGroups()
  const memory = {
    v1: 'held by control groups (v1)',
    v2: `held by control groups (v2: ${groups.kind === 'v2' ? groups.controllers.join(', ') : ''})`,
    none: `watched through /proc, without control groups (${groups.kind === 'none' ? groups.why : ''})`,
  }[groups.kind]
  log('server').info(`the memory of tasks is ${memory}`)
  const program = await startProgram(config, {
    workerCommand: workerCommand(),
    threads: threads(),
    environment,
  })
  process.on('SIGHUP', () => program.reload())
  await new Promise<void>((resolve) => {
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
  })
  await program.stop()
  return EXIT.done
}

goOnUnread(NAME)
try {
  const code = await main(argv.slice(2))
  await printed()
  exit(code)
} catch (error) {
  stderr.write(`${NAME}: ${error instanceof Error ? error.message : error}\n`)
  exit(error instanceof UsageError ? EXIT.usage : EXIT.failed)
}
