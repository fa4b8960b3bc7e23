/**
 * A run over all repositories, one run at a time on a database. Each suite is synced on its own, so one that fails does
 * not affect the others. The run's temporary folder is made here.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
import { describe, isWorthSaying, summary } from './summary.ts'
import type { PartResult } from './sync_part.ts'
import { nameOf, syncSuite } from './sync_suite.ts'
import { tidy } from './tidy.ts'
import { withoutCredentials } from '../../src/text/credentials.ts'
import { unixSeconds } from '../../src/units/time.ts'

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
  const { repositories, warnings, faults } = readConfiguration(config.reposD, formats)
  for (const warning of warnings) logger.warning(warning)
  for (const fault of faults) logger.error(fault)
  // Who only looks writes nothing, and may look while another one is at work.
  const taken = options.dryRun ? { subject: 'sync', [Symbol.dispose]: () => undefined } : takeLease(database, 'sync')
  if (!isLease(taken)) {
    const said = `another abrt-reposync is at work (process ${taken.pid} on ${taken.host}); nothing is done`
    if (options.verbose === true) logger.info(said)
    else logger.debug(said)
    return EXIT.done
  }
  using _lease = taken
  const started = performance.now()
  using temporary = options.dryRun ? folderIn(tmpdir()) : runFolder(config.repoDir)
  const run: Run = {
    config,
    options,
    database,
    formats,
    transfer,
    signal,
    mirrorsMs: config.mirrorsS * 1000,
    network: readNetwork(config),
    repoDir: config.repoDir,
    folder: temporary.folder,
    isDryRun: options.dryRun,
    warn: (message) => logger.warning(message),
    fed: new Set(),
    learnt: new Map(),
  }
  // What cannot be read may be what is known: it is not forgotten for a slip of the pen.
  if (!options.dryRun && faults.length === 0) noteConfigured(database, repositories)
  const results: PartResult[] = []
  let failures = 0
  const attempt = async (repository: RepositorySpec, isLast: boolean): Promise<boolean> => {
    try {
      const parts = await syncOne(repository, { run, isLast })
      if (parts === undefined) return false
      results.push(...parts)
      if (parts.some(({ problem }) => problem !== undefined)) failures++
    } catch (error) {
      if (signal.aborted) return true
      failures++
      noteFailure(repository, error, options.dryRun ? undefined : database)
    }
    return true
  }
  const undecided: RepositorySpec[] = []
  for (const repository of repositories) {
    if (signal.aborted) break
    if (!await attempt(repository, false)) undecided.push(repository)
  }
  for (const repository of undecided) if (!signal.aborted) await attempt(repository, true)
  if (signal.aborted) logger.warning('stopped; the next run goes on from here')
  else for (const line of tidy({ config, database, formats, now: unixSeconds() }, options)) stdout.write(`${line}\n`)
  if (!signal.aborted && !options.dryRun) forgetUnused(config.repoDir)
  const ended = {
    failures,
    repositories: repositories.length,
    faults: faults.length,
    started,
    formats,
    reposD: config.reposD,
    isDryRun: options.dryRun,
  }
  if (options.verbose === true || signal.aborted || isWorthSaying(results, ended)) {
    stdout.write(summary(results, ended))
  }
  if (failures > 0 || signal.aborted) return EXIT.failed
  assertKnown(options.releases, [...run.fed].sort())
  assertKnown(options.acceptOlder ?? [], [...run.fed].sort(), '--accept-older')
  return faults.length > 0 ? EXIT.usage : EXIT.done
}

interface Run extends ContextOptions {
  /** Releases that the suites of this run feed, wanted or not. */
  fed: Set<string>
  /** What suites have told of the releases that others feed. */
  learnt: Map<string, string>
  config: Services['config']
  options: Arguments
  database: Database
  formats: readonly PackageFormat[]
}

async function syncOne(
  repository: RepositorySpec,
  { run, isLast }: { run: Run; isLast: boolean },
): Promise<PartResult[] | undefined> {
  const { options, database, config } = run
  const results = await syncSuite({
    database,
    format: formatNamed(repository.format, run.formats),
    repository,
    context: { ...syncContext(repository, run), learnt: run.learnt },
    isLast,
    dryRun: options.dryRun,
    releases: options.releases,
    acceptOlder: options.acceptOlder ?? [],
    fed: run.fed,
    assertRoom({ store, database: bytes }) {
      assertRoom(config.repoDir, { minFreeMb: config.minFreeMb, bytes: store })
      assertRoom(dirname(config.database), { minFreeMb: config.minFreeMb, bytes })
    },
  })
  for (const result of results ?? []) {
    const line = describe(result, options.dryRun)
    if (result.problem !== undefined) log('reposync').error(line)
    else if (result.isUnchanged && !options.dryRun && options.verbose !== true) log('reposync').debug(line)
    else log('reposync').info(line)
  }
  return results
}

function noteFailure(repository: RepositorySpec, error: unknown, database: Database | undefined): void {
  const message = withoutCredentials(error instanceof Error ? error.message : String(error))
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
    return folderIn(repoDir)
  } catch (error) {
    const code = errnoOf(error) ?? 'unknown'
    throw new UsageError(`RETRACE_REPO_DIR is ${repoDir}, which cannot be written to (${code})`, { cause: error })
  }
}

function folderIn(place: string): { folder: string } & Disposable {
  const folder = mkdtempSync(join(place, FOLDER_PREFIX))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
