/**
 * From the places where an index has a package to a verified file: over the mirrors of each, whose dead hosts are
 * remembered, through the check that its format asks for. A package whose repository is no longer configured is
 * refused, since nobody says any more whose signature counts.
 */
import { mkdir, rm } from 'node:fs/promises'
import type { Config } from '../../config/config.ts'
import type { ProxyEnvironment } from '../../config/proxy_environment.ts'
import type { Database } from '../../database/database.ts'
import { log } from '../../telemetry/log.ts'
import { UsageError } from '../../errors/usage_error.ts'
import { readConfiguration } from '../configuration.ts'
import { USUAL_CONNECTION } from '../format/connection.ts'
import { decisiveOf, FetchError, isPassing } from '../format/error.ts'
import type { PackageFormat } from '../format/format.ts'
import { isSpecOf, type RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import { formatNamed } from '../format/naming.ts'
import { FORMATS } from '../formats.ts'
import type { Location } from '../index/locations.ts'
import { type Checksums, checksumsOf } from '../format/checksums.ts'
import { addressBelow } from '../format/place.ts'
import { GIB, hex } from '../../units/bytes.ts'
import { MirrorWalk } from '../transfer/mirrors.ts'
import { syncContext, type Transfer } from '../transfer/sync_context.ts'
import { type Network, readNetwork } from '../transfer/transport.ts'
import { assertNotFailed, rememberFailure } from './failures.ts'

/** Of one whose size no index says. Debuginfo of the largest browsers has 4 GB. */
const MAX_PACKAGE = 16 * GIB

export interface UpstreamContext extends Transfer {
  config: Pick<Config, 'repoDir' | 'reposD' | 'mirrorsS'> & { proxies: ProxyEnvironment }
  database: Database
  signal: AbortSignal
  /** By default those of this installation. */
  formats?: readonly PackageFormat[]
}

export interface Wanted {
  /** The file that receives the bytes. */
  file: string
  /** 0: it is not known. */
  size: number
}

/** Downloads and verifies from the first location that can give it, and says which. Throws FetchError. */
export async function fetchFrom(locations: Location[], wanted: Wanted, context: UpstreamContext): Promise<Location> {
  const { signal, config } = context
  const network = readNetwork(config)
  const repositories = configured(config.reposD, context.formats)
  const failures: FetchError[] = []
  for (const location of locations) {
    try {
      const spec = repositories.find((one) => isSpecOf(one, location))
      await fetchOne(location, wanted, { context, network, spec })
      return location
    } catch (error) {
      if (!(error instanceof FetchError) || signal.aborted) throw error
      if (isPassing(error.kind)) throw error
      failures.push(error)
    }
  }
  throw decisiveOf(failures) ?? new FetchError('not-found', 'No repository has the package')
}

async function fetchOne(
  location: Location,
  wanted: Wanted,
  { context, network, spec }: { context: UpstreamContext; network: Network; spec: RepositorySpec | undefined },
): Promise<void> {
  const format = formatNamed(location.format, context.formats ?? FORMATS)
  if (spec === undefined && format.verify !== undefined) {
    throw new FetchError('refused', `[${location.suite}] is no longer configured, so nobody says which keys may sign`)
  }
  const { signal, config } = context
  // Named after the package, whose lease we hold, so that what a killed process left can be recognised.
  const folder = `${wanted.file}.check`
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  const own = syncContext({ ...spec, uri: location.uri, connection: spec?.connection ?? USUAL_CONNECTION }, {
    network,
    transfer: transferOf(context),
    repoDir: config.repoDir,
    folder,
    signal,
    mirrorsMs: config.mirrorsS * 1000,
    isDryRun: false,
    warn: (message) => log('fetch').warning(message),
  })
  try {
    const addresses = spec === undefined || format.addresses === undefined
      ? [addressBelow(location.uri, location.path)]
      : await format.addresses(spec, location.path, own)
    const { sha512, identity } = location
    const checksums = { ...checksumsOf(hex(identity)), ...(sha512 === null ? {} : { sha512: hex(sha512) }) }
    await fromAny(addresses, { ...wanted, checksums }, { context, own })
    if (spec !== undefined) await format.verify?.(wanted.file, spec, own)
  } catch (error) {
    // A file that was refused must not be resumed.
    if (error instanceof FetchError && error.kind === 'refused') await rm(wanted.file, { force: true })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function transferOf({ limits, bandwidth, onBytes }: UpstreamContext): Transfer {
  return {
    ...(limits === undefined ? {} : { limits }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(onBytes === undefined ? {} : { onBytes }),
  }
}

async function fromAny(
  addresses: string[],
  { file, size, checksums }: Wanted & { checksums: Checksums },
  { context, own }: { context: UpstreamContext; own: SyncContext },
): Promise<void> {
  const walk = new MirrorWalk(addresses, { patienceMs: context.config.mirrorsS * 1000 })
  for (const address of walk) {
    const host = `host:${new URL(address).host}`
    try {
      assertNotFailed(context.database, host)
      await own.download(address, { file, ...(size === 0 ? { maxSize: MAX_PACKAGE } : { size }), checksums })
      return
    } catch (error) {
      walk.failed(error, context.signal)
      const isOfHost = error instanceof FetchError && error.isHost && !host.endsWith(':')
      if (isOfHost) rememberFailure(context.database, host, error)
    }
  }
  throw walk.refusal
}

/** What the administrator's files say now: they alone know proxies, passwords and keys. */
function configured(reposD: string, formats: readonly PackageFormat[] | undefined): RepositorySpec[] {
  try {
    return readConfiguration(reposD, formats).repositories
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new FetchError('refused', `The repository files are not in order: ${error.message}`, { cause: error })
  }
}
