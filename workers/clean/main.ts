/**
 * abrt-retrace-clean: deletes what is too old and what nothing refers to (docs/design.txt, chapter 2.5). Names the
 * steps; the details are beside it. Exit codes: docs/settings.md, 'Programs'.
 */
import process from 'node:process'
import { type ConfigOf, readConfig } from '../../src/config/config.ts'
import { settingsHelp } from '../../src/config/help.ts'
import { startLog } from '../../src/telemetry/log.ts'
import { escapeText } from '../../src/text/escape.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { goOnUnread } from '../../src/program/output.ts'
import { EXIT, version } from '../../src/program/program.ts'
import { type Arguments, HELP, readArguments } from './arguments.ts'
import { busyDirectories } from '../../src/spool/processes.ts'
import { clean } from './clean.ts'
import { seeTasks } from './tasks.ts'
import { isWorthSaying, listed, summary, taskTable } from './text.ts'

const NAME = 'abrt-retrace-clean'
type Config = ConfigOf<typeof NAME>

async function main(argv: string[]): Promise<number> {
  const options = readArguments(argv)
  if (options.action === 'help') return print(`${HELP}\n${settingsHelp(NAME)}\n`)
  if (options.action === 'version') return print(`${NAME} ${version()}\n`)
  const config = readConfig([NAME])
  await startLog(config)
  return options.action === 'list' ? await list(options, config) : await perform(options, config)
}

async function list({ json }: Arguments, config: Config): Promise<number> {
  const now = new Date()
  const tasks = (await seeTasks(config.spoolDir, busyDirectories(config.spoolDir))).map((task) => listed(task, now))
  return print(json ? `${JSON.stringify({ tasks })}\n` : taskTable(tasks))
}

async function perform({ dryRun, json, ids, verbose }: Arguments, config: Config): Promise<number> {
  const freed = await clean({ config, now: new Date(), dryRun, ids })
  if (json) print(`${JSON.stringify(freed)}\n`)
  else if (dryRun || verbose || isWorthSaying(freed)) print(summary(freed))
  for (const failure of freed.failures) process.stderr.write(`${NAME}: ${escapeText(failure)}\n`)
  return freed.failures.length > 0 ? EXIT.failed : EXIT.done
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}

goOnUnread(NAME)
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${NAME}: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed
}
