/**
 * A package from wherever it is upstream into the store: downloaded, verified against the signed index, unpacked, put
 * in place by one rename, noted in the index. When several processes want the same package, one fetches it and the
 * others wait. No byte is opened before its checksums were compared. Failures are remembered.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { log } from '../../telemetry/log.ts'
import { formatNamed } from '../format/naming.ts'
import { FORMATS } from '../formats.ts'
import { isLease, takeLease } from '../index/lease.ts'
import { type Location, locationsOf } from '../index/locations.ts'
import { PackageIndex, packageLabel, type PackageRow } from '../index/lookup.ts'
import { makeFolder } from '../../files/folder.ts'
import { type KeepContext, keepPackage } from '../keep/keep_package.ts'
import { WORK_FOLDER } from '../keep/kept.ts'
import { assertRoom } from '../keep/room.ts'
import { FetchError } from '../format/error.ts'
import { asFetchError } from '../format/program_failure.ts'
import { assertNotFailed, forgetFailure, rememberFailure } from './failures.ts'
import { abortError } from '../transfer/refusal.ts'
import { fetchFrom, type UpstreamContext } from './upstream.ts'
import { hex, megabytes } from '../../units/bytes.ts'

const POLL_MS = 100

/** Its signal ends waiting, downloading and unpacking. */
export interface FetchContext extends UpstreamContext {
  config: KeepContext['config'] & UpstreamContext['config']
  /** Called when a download begins: `libc6-dbg 2.36-9+deb12u14 (7.0 MB)`. */
  say(text: string): void
}

/** Resolves when the package's files are here. Throws FetchError with the reason why they cannot be. */
export async function fetchPackage(row: PackageRow, context: FetchContext): Promise<void> {
  const { database, signal } = context
  const subject = `package:${row.id}`
  const index = new PackageIndex(database, context.formats)
  for (let hasWaited = false;; hasWaited = true) {
    if (isHere(row.id, index)) return
    assertNotFailed(database, subject)
    const taken = takeLease(database, subject)
    if (isLease(taken)) {
      using _lease = taken
      if (isHere(row.id, index)) return
      return await fetchOnce(row, subject, context)
    }
    if (!hasWaited) context.say(`${row.name} ${row.version} is being fetched by another process; waiting for it`)
    if (signal.aborted) throw new FetchError('timeout', `Waiting for ${packageLabel(row)} was given up`)
    await sleep(POLL_MS)
  }
}

function isHere(id: number, index: PackageIndex): boolean {
  return (index.again(id)?.folder ?? null) !== null
}

async function fetchOnce(row: PackageRow, subject: string, context: FetchContext): Promise<void> {
  const { database } = context
  try {
    const { file, location } = await downloadPackage(row, context)
    const { format, identity } = location
    const own = formatNamed(format, context.formats ?? FORMATS)
    await keepPackage(row, { file, format: own, identity: hex(identity) }, context)
    rmSync(file, { force: true })
    forgetFailure(database, subject)
  } catch (cause) {
    // When our own time is over, what broke because of it says nothing about the package.
    if (context.signal.aborted) throw abortError(context.signal)
    const error = asFetchError(cause)
    if (!(error instanceof FetchError)) throw cause
    // A host that is down says nothing about a package either: it is remembered on its own.
    if (!error.isHost) rememberFailure(database, subject, error)
    log('fetch').warning(`${packageLabel(row)} of ${row.release}: ${error.message}`)
    throw error
  }
}

async function downloadPackage(row: PackageRow, context: FetchContext): Promise<{ file: string; location: Location }> {
  const { config, database } = context
  const locations = locationsOf(database, row.id)
  if (locations.length === 0) {
    throw new FetchError('not-found', `${packageLabel(row)} is gone upstream, and was not fetched while it was there`)
  }
  context.say(`${row.name} ${row.version} (${megabytes(row.size)})`)
  const folder = join(config.repoDir, WORK_FOLDER)
  makeFolder(folder)
  assertRoom(config.repoDir, { minFreeMb: config.minFreeMb, bytes: row.size })
  // By id: two releases can have the same content, and each has its own lease.
  const file = join(folder, `${row.id}.part`)
  return { file, location: await fetchFrom(locations, { file, size: row.size }, context) }
}
