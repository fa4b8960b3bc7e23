/**
 * abrt-reposync: reads the administrator's repository files, syncs each suite, fetches what is wanted whole. Names the
 * steps; the details are beside it. Exit codes: docs/settings.md, 'Programs'.
 */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { readConfig } from '../../src/config/config.ts'
import { settingsHelp } from '../../src/config/help.ts'
import { readProxies } from '../../src/config/proxy_environment.ts'
import { closeDatabase, type Database, emptyDatabase, openDatabase } from '../../src/database/database.ts'
import { log, startLog } from '../../src/telemetry/log.ts'
import { escapeText } from '../../src/text/escape.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { goOnUnread } from '../../src/program/output.ts'
import { EXIT, version } from '../../src/program/program.ts'
import { Bandwidth } from '../../src/packages/transfer/bandwidth.ts'
import { closeConnections } from '../../src/packages/transfer/dispatchers.ts'
import { type Arguments, HELP, readArguments } from './command/arguments.ts'
import { printStatus } from './status.ts'
import { fetchFull } from './full/fetch_full.ts'
import { syncAll } from './sync_all.ts'
import { verifyKept } from './verify.ts'

const NAME = 'abrt-reposync'

async function main(argv: string[]): Promise<number> {
  const options = readArguments(argv)
  if (options.action === 'help') return print(`${HELP}\n${settingsHelp(NAME)}\n`)
  if (options.action === 'version') return print(`${NAME} ${version()}\n`)
  const config = { ...readConfig([NAME]), proxies: readProxies() }
  await startLog(config)
  const database = databaseFor(options, config)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  try {
    const transfer = config.fetchKbPerS === 0 ? {} : { bandwidth: new Bandwidth(config.fetchKbPerS) }
    return await perform(options, { config, database, transfer, signal: stop.signal })
  } finally {
    closeDatabase(database)
    await closeConnections()
  }
}

/** Only a sync makes or migrates the database: looking at it changes nothing. */
function databaseFor({ action, dryRun }: Arguments, { database }: { database: string }): Database {
  if (action === 'sync' && !dryRun) return openDatabase(database, { migrate: true })
  if (existsSync(database)) return openDatabase(database, { demandCurrent: true })
  // Without a database every kept file is nobody's: --verify would remove them all.
  if (action !== 'verify') return emptyDatabase()
  throw new UsageError(
    `RETRACE_DATABASE (${database}) is not there, so nothing can be compared with it: run abrt-reposync`,
  )
}

async function perform(options: Arguments, services: Parameters<typeof syncAll>[1]): Promise<number> {
  switch (options.action) {
    case 'status':
      return printStatus(services.database, { releases: options.releases, reposD: services.config.reposD })
    case 'verify':
      return await verifyKept(options, services)
    default:
      return Math.max(await syncAll(options, services), await fetchFull(options, services))
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}

goOnUnread(NAME)
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${NAME}: ${error.message}\n`)
    process.exitCode = EXIT.usage
  } else {
    log('reposync').fatal(`${NAME} cannot go on: ${error instanceof Error ? error.message : error}`, { error })
    const text = error instanceof Error ? error.stack ?? error.message : String(error)
    process.stderr.write(`${NAME}: ${escapeText(text, { keep: '\t\n' })}\n`)
    process.exitCode = EXIT.failed
  }
}
