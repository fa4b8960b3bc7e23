/**
 * Everything of the repositories that say `X-Retrace-Fetch: full`, after the metadata: several packages at once, a few
 * per host, each verified and kept as if a retrace had asked for it. Ends when everything is here, when space, quota or
 * time has run out, or when it is told to; the next run goes on from there, even in the middle of a package.
 */
import { stdout } from 'node:process'
import PQueue from 'p-queue'
import type { Database } from '../../../src/database/database.ts'
import { log } from '../../../src/telemetry/log.ts'
import { EXIT } from '../../../src/program/program.ts'
import { readConfiguration } from '../../../src/packages/configuration.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import type { PackageFormat } from '../../../src/packages/format/format.ts'
import { FORMATS } from '../../../src/packages/formats.ts'
import { type FetchContext, fetchPackage } from '../../../src/packages/supply/package.ts'
import { isLease, takeLease } from '../../../src/packages/index/lease.ts'
import { PackageIndex } from '../../../src/packages/index/lookup.ts'
import { keptBytes } from '../../../src/packages/keep/kept_packages.ts'
import type { Arguments } from '../command/arguments.ts'
import { lackingNow } from '../../../src/packages/format/means.ts'
import type { Transfer } from '../../../src/packages/transfer/sync_context.ts'
import { Host } from './host.ts'
import { plan, type Wanted } from './plan.ts'
import { Progress } from './progress.ts'
import { megabytes, MIB } from '../../../src/units/bytes.ts'
import { HOUR_MS } from '../../../src/units/time.ts'
import { count } from '../../../src/text/count.ts'

/** After so many packages in a row for which this machine seems to lack something it is looked at whether it does. */
const LOOK_AFTER = 3
/** So many in a row are no fault of theirs, whatever that look says: each was downloaded. */
const MAX_LACKED = 100
const AT_ONCE = 8
const PER_HOST = 4
/** Time for one package with all tries, and for the whole run. What is cut off is resumed by the next run. */
const PACKAGE_MS = 2 * HOUR_MS
const RUN_MS = 24 * HOUR_MS
/** Longer than a failure of a host is remembered (error.ts). */
const HOST_WAITS_MS = [65_000, 130_000, 260_000]

const QUOTA_REACHED = 'RETRACE_REPO_QUOTA_MB is reached'

export interface FullServices {
  config: FetchContext['config']
  database: Database
  signal: AbortSignal
  transfer?: Transfer
  /** In place of those of this installation. */
  formats?: readonly PackageFormat[]
  hostWaits?: readonly number[]
  progressMs?: number
  /** By default what means.ts says. */
  lacking?: () => Promise<string | undefined>
}

interface Run extends FullServices {
  queue: PQueue
  progress: Progress
  /** Aborts the fetches under way: on a signal, or when the time is over. */
  ended: AbortSignal
  /** Why no further package is begun; those under way go on. */
  noMore: string | undefined
  /** Packages in a row for which this machine had not the means, as it seems. */
  lacked: number
  counts: Record<string, number>
}

/** Fetches what is wanted; resolves with the exit code. */
export async function fetchFull(options: Arguments, services: FullServices): Promise<number> {
  const { config, database, signal, formats = FORMATS } = services
  const { repositories } = readConfiguration(config.reposD, formats)
  if (signal.aborted || !repositories.some(({ fetch }) => fetch === 'full')) return EXIT.done
  const wanting = { releases: options.releases, namings: formats }
  if (options.dryRun) return say(wouldFetch(plan(database, repositories, wanting)))
  const taken = takeLease(database, 'full')
  if (!isLease(taken)) {
    const said = `full: another abrt-reposync is fetching (process ${taken.pid} on ${taken.host})`
    if (options.verbose === true) log('reposync').info(said)
    else log('reposync').debug(said)
    return EXIT.done
  }
  using _lease = taken
  const wanted = plan(database, repositories, wanting)
  if (wanted.length === 0) return options.verbose === true ? say('full: everything is here\n') : EXIT.done
  return await fetchAll(wanted, services)
}

async function fetchAll(wanted: Wanted[], services: FullServices): Promise<number> {
  const total = { packages: wanted.length, bytes: wanted.reduce((sum, { size }) => sum + size, 0) }
  log('reposync').info(`full: ${count(total.packages, 'package')} to fetch, ${megabytes(total.bytes)}`)
  const { progressMs: intervalMs } = services
  using progress = new Progress(total, intervalMs === undefined ? {} : { intervalMs })
  const run: Run = {
    ...services,
    queue: new PQueue({ concurrency: AT_ONCE }),
    progress,
    ended: AbortSignal.any([services.signal, AbortSignal.timeout(RUN_MS)]),
    noMore: undefined,
    lacked: 0,
    counts: {},
  }
  const hosts = byHost(wanted, { waits: services.hostWaits ?? HOST_WAITS_MS, signal: run.ended })
  await Promise.all(hosts.flatMap((host) => Array.from({ length: PER_HOST }, () => lane(host, run))))
  return conclude(hosts, run)
}

function byHost(wanted: Wanted[], options: ConstructorParameters<typeof Host>[1]): Host[] {
  const hosts = new Map<string, Host>()
  for (const one of wanted) {
    const host = hosts.get(one.host) ?? new Host(one.host, options)
    hosts.set(one.host, host)
    host.add(one)
  }
  return [...hosts.values()]
}

/** Fetches the packages of a host one after the other; several lanes share a host. */
async function lane(host: Host, run: Run): Promise<void> {
  for (let wanted = await host.next(); wanted !== undefined; wanted = await host.next()) {
    const one = wanted
    if (isQuotaReached(run, one.size)) run.noMore ??= QUOTA_REACHED
    if (run.noMore !== undefined) return
    await run.queue.add(() => fetchOne(one, host, run))
  }
}

async function fetchOne(wanted: Wanted, host: Host, run: Run): Promise<void> {
  const { config, database, progress, transfer = {}, formats = FORMATS } = run
  const index = new PackageIndex(database, formats)
  const row = index.again(wanted.id)
  if (row === undefined || run.ended.aborted) return
  const part = progress.begin(wanted.size)
  try {
    await fetchPackage(row, {
      config,
      database,
      formats,
      signal: AbortSignal.any([run.ended, AbortSignal.timeout(PACKAGE_MS)]),
      say: (text) => log('reposync').debug(`fetch: ${text}`),
      onBytes: (bytes) => part.received(bytes),
      ...transfer,
    })
    host.answered()
    part.ended(true)
    run.lacked = 0
    // It was evicted at once, so it is larger than the quota alone, and the next ones would fare no better.
    if (index.again(wanted.id)?.folder === null) run.noMore ??= QUOTA_REACHED
  } catch (error) {
    if (!(error instanceof FetchError)) throw error
    if (run.ended.aborted || error.isHost) part.putOff()
    if (run.ended.aborted) return
    if (error.kind === 'no-space') {
      run.noMore ??= error.message
      return
    }
    if (error.kind === 'machine') await lookAtMachine(error, run)
    if (error.isHost) host.failed(wanted, error.message)
    else {
      host.answered()
      part.ended(false)
      run.counts[error.kind] = (run.counts[error.kind] ?? 0) + 1
    }
  }
}

/** Packages can want more than any opener may have, and can be many: it is not for them to end the run. */
async function lookAtMachine({ message }: FetchError, run: Run): Promise<void> {
  const { lacking = lackingNow } = run
  if (++run.lacked % LOOK_AFTER === 0) {
    const why = await lacking()
    if (why !== undefined) run.noMore ??= `${message}; ${why}`
  }
  if (run.lacked >= MAX_LACKED) run.noMore ??= message
}

/** Just below the quota: at it, each package that comes would evict one that came before. */
function isQuotaReached({ config, database }: Run, size: number): boolean {
  const quota = config.repoQuotaMb * MIB
  return quota > 0 && keptBytes(database) + size >= quota * 0.95
}

/** Packages that are gone upstream do not make the run fail: the archive moved on while it was read. */
function conclude(hosts: Host[], { progress, counts, signal, noMore, ended }: Run): number {
  const failures = Object.entries(counts).map(([kind, times]) => `${times} ${kind}`).join(', ')
  const givenUp = hosts.filter(({ isGivenUp }) => isGivenUp).map(({ name, left }) => `${name} (${left} left)`)
  say(
    `full: ${count(progress.done, 'package')} fetched, ${progress.failed} failed${
      failures === '' ? '' : ` (${failures})`
    }` +
      `${givenUp.length === 0 ? '' : `; given up: ${givenUp.join(', ')}`}\n`,
  )
  const why = signal.aborted ? 'it was told to' : ended.aborted ? 'its time was over' : noMore
  if (why !== undefined) log('reposync').warning(`full: stopped (${why}); the next run goes on from here`)
  const isWell = why === undefined && givenUp.length === 0 && Object.keys(counts).every((kind) => kind === 'not-found')
  return isWell ? EXIT.done : EXIT.failed
}

/** What --dry-run prints. */
function wouldFetch(wanted: Wanted[]): string {
  const releases = [...new Set(wanted.map(({ release }) => release))].sort()
  const lines = releases.map((release) => {
    const own = wanted.filter((one) => one.release === release)
    return `${release}: ${count(own.length, 'package')} would be fetched (${
      megabytes(own.reduce((sum, { size }) => sum + size, 0))
    })\n`
  })
  return lines.length === 0 ? 'full: nothing would be fetched\n' : lines.join('')
}

function say(text: string): number {
  stdout.write(text)
  return EXIT.done
}
