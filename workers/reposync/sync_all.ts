/**
 * A run over all repositories, one run at a time on a database. Each suite is synced on its own, so one that fails does
 * not affect the others. The run's temporary folder, log lines and summary are made here.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stdout } from 'node:process'
import { errnoOf } from '../../src/errors/errno.ts'
import type { ConfigOf } from '../../src/config/config.ts'
import type { ProxyEnvironment } from '../../src/config/proxy_environment.ts'
import type { Database } from '../../src/database/database.ts'
import { log } from '../../src/telemetry/log.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { EXIT } from '../../src/program/program.ts'
import { readConfiguration } from '../../src/packages/configuration.ts'
import { FetchError } from '../../src/packages/format/error.ts'
import { forgetUnused } from '../../src/packages/transfer/remembered.ts'
import { readNetwork } from '../../src/packages/transfer/transport.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import { formatNamed } from '../../src/packages/format/naming.ts'
import { FORMATS } from '../../src/packages/formats.ts'
import { isLease, takeLease } from '../../src/packages/index/lease.ts'
import { noteConfigured, noteError } from '../../src/packages/index/repositories.ts'
import { makeFolder } from '../../src/files/folder.ts'
import { assertRoom } from '../../src/packages/keep/room.ts'
import type { Arguments } from './command/arguments.ts'
import { assertKnown } from './command/releases.ts'
import { type ContextOptions, syncContext, type Transfer } from '../../src/packages/transfer/sync_context.ts'
import { nameOf, type PartResult, syncSuite } from './sync_suite.ts'
import { tidy } from './tidy.ts'
import { megabytes } from '../../src/units/bytes.ts'
import { unixSeconds } from '../../src/units/time.ts'
import { count } from '../../src/text/count.ts'

export interface Services {
  config: ConfigOf<'abrt-reposync'> & { proxies: ProxyEnvironment }
  database: Database
  signal: AbortSignal
  /** In place of the usual limits, and none on bandwidth. */
  transfer?: Transfer
  /** In place of those of this installation. */
  formats?: readonly PackageFormat[]
}

const FOLDER_PREFIX = '.reposync-'

/** Syncs everything that is configured and wanted; resolves with the exit code. */
export async function syncAll(options: Arguments, services: Services): Promise<number> {
  const { config, database, signal, transfer = {}, formats = FORMATS } = services
  const logger = log('reposync')
  const { repositories, warnings } = readConfiguration(config.reposD, formats)
  for (const warning of warnings) logger.warning(warning)
  const taken = takeLease(database, 'sync')
  if (!isLease(taken)) {
    logger.info(`another abrt-reposync is at work (process ${taken.pid} on ${taken.host}); nothing is done`)
    return EXIT.done
  }
  using _lease = taken
  const started = performance.now()
  using temporary = runFolder(config.repoDir)
  const run: Run = {
    config,
    options,
    database,
    formats,
    transfer,
    signal,
    network: readNetwork(config),
    repoDir: config.repoDir,
    folder: temporary.folder,
    isDryRun: options.dryRun,
    warn: (message) => logger.warning(message),
    fed: new Set(),
  }
  if (!options.dryRun) noteConfigured(database, repositories)
  const results: PartResult[] = []
  let failures = 0
  for (const repository of repositories) {
    if (signal.aborted) break
    try {
      const parts = await syncOne(repository, run)
      results.push(...parts)
      if (parts.some(({ problem }) => problem !== undefined)) failures++
    } catch (error) {
      if (signal.aborted) break
      failures++
      noteFailure(repository, error, options.dryRun ? undefined : database)
    }
  }
  if (signal.aborted) logger.warning('stopped; the next run goes on from here')
  else for (const line of tidy({ config, database, formats, now: unixSeconds() }, options)) stdout.write(`${line}\n`)
  if (!signal.aborted && !options.dryRun) forgetUnused(config.repoDir)
  stdout.write(summary(results, { failures, repositories: repositories.length, started, options, config, formats }))
  if (failures > 0 || signal.aborted) return EXIT.failed
  assertKnown(options.releases, [...run.fed].sort())
  return EXIT.done
}

interface Run extends ContextOptions {
  /** Releases that the suites of this run feed, wanted or not. */
  fed: Set<string>
  config: Services['config']
  options: Arguments
  database: Database
  formats: readonly PackageFormat[]
}

async function syncOne(repository: RepositorySpec, run: Run): Promise<PartResult[]> {
  const { options, database, config } = run
  const results = await syncSuite({
    database,
    format: formatNamed(repository.format, run.formats),
    repository,
    context: syncContext(repository, run),
    dryRun: options.dryRun,
    releases: options.releases,
    fed: run.fed,
    assertRoom({ store, database: bytes }) {
      assertRoom(config.repoDir, { minFreeMb: config.minFreeMb, bytes: store })
      assertRoom(dirname(config.database), { minFreeMb: config.minFreeMb, bytes })
    },
  })
  for (const result of results) {
    if (result.problem === undefined) log('reposync').info(describe(result, options.dryRun))
    else log('reposync').error(describe(result, options.dryRun))
  }
  return results
}

/** The line of one component and architecture. */
export function describe(result: PartResult, dryRun: boolean): string {
  const head = `${result.label} -> ${result.release}:`
  const seconds = `${result.seconds.toFixed(1)} s`
  if (result.isUnchanged && result.problem !== undefined) return `${head} left as it was: ${result.problem}`
  if (result.isUnchanged) return `${head} unchanged, ${count(result.packages, 'package')}, ${seconds}`
  if (dryRun) return `${head} has changed, would be read (up to ${megabytes(result.bytes)})`
  const files = result.problem === undefined
    ? count(result.paths, 'new path')
    : `its list of files left as it was: ${result.problem}`
  return `${head} ${
    count(result.packages, 'package')
  } (${result.added} new, ${result.vanished} gone), ${files}, ${seconds}`
}

function noteFailure(repository: RepositorySpec, error: unknown, database: Database | undefined): void {
  const message = error instanceof Error ? error.message : String(error)
  log('reposync').error(`${nameOf(repository)} is left as it was: ${message}`)
  if (!(error instanceof FetchError)) log('reposync').debug(`${error instanceof Error ? error.stack : message}`)
  if (database !== undefined) noteError(database, repository, { message, now: unixSeconds() })
}

/** A folder of this run, in the store's file system; those of runs that were killed are removed (we hold the lease). */
function runFolder(repoDir: string): { folder: string } & Disposable {
  try {
    makeFolder(repoDir)
    for (const name of readdirSync(repoDir)) {
      if (name.startsWith(FOLDER_PREFIX)) rmSync(join(repoDir, name), { recursive: true, force: true })
    }
    const folder = mkdtempSync(join(repoDir, FOLDER_PREFIX))
    return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
  } catch (error) {
    const code = errnoOf(error) ?? 'unknown'
    throw new UsageError(`RETRACE_REPO_DIR is ${repoDir}, which cannot be written to (${code})`, { cause: error })
  }
}

function summary(
  results: PartResult[],
  run: Pick<Run, 'options' | 'config' | 'formats'> & { failures: number; repositories: number; started: number },
): string {
  if (run.repositories === 0) {
    const extensions = run.formats.map(({ extension }) => extension).join(' or ')
    return `No repository is configured: put ${extensions} files into ${run.config.reposD}\n`
  }
  const releases = [...new Set(results.map(({ release }) => release))].sort()
  const rows = releases.map((release) => {
    const own = results.filter((result) => result.release === release)
    const sum = (pick: (result: PartResult) => number) => own.reduce((total, result) => total + pick(result), 0)
    const changed = own.filter((result) => !result.isUnchanged).length
    return `${release}: ${count(sum((r) => r.packages), 'package')} in ${
      count(own.length, 'index', 'indices')
    }, ${changed} changed, ` +
      `${count(sum((r) => r.added), 'package')} new, ${sum((r) => r.vanished)} gone upstream, ${
        count(sum((r) => r.paths), 'path')
      } new\n`
  })
  const seconds = ((performance.now() - run.started) / 1000).toFixed(1)
  const failed = run.failures > 0 ? `, ${count(run.failures, 'suite')} failed, or parts of them (see the log)` : ''
  const tense = run.options.dryRun ? 'looked at, nothing was changed,' : 'synced'
  return `${rows.join('')}${count(run.repositories, 'suite')} ${tense} in ${seconds} s${failed}\n`
}
