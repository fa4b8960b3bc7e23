/**
 * Signatures of packages: rpmkeys behind the wall, with a database of its own that holds the keys of the section and no
 * others. It checks digests and signatures of header and payload, all of them (`_pkgverify_level all`; otherwise a
 * package without a signature passes). Nothing opens a package before this check.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProgramError } from '../../process/error.ts'
import { tellsOfMachine } from '../../process/machine.ts'
import { gathered } from '../../process/gather.ts'
import { startInside } from '../../process/inside.ts'
import { systemSandbox } from '../../process/system.ts'
import type { Sandbox } from '../../process/wall.ts'
import { FetchError } from '../format/error.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import { asFetchError } from '../format/program_failure.ts'
import { armour, keyRing } from '../verify/key_ring.ts'
import { localTrust } from './keys.ts'
import { sectionOf } from './section.ts'
import { GIB, MIB } from '../../units/bytes.ts'

const TIMEOUT_MS = 600_000
const LIMITS = { addressSpace: 4 * GIB, cpuS: 600, fileBytes: 64 * MIB, openFiles: 256, processes: 1 }
const MAX_VERDICT = MIB

/** Throws FetchError 'refused' with rpmkeys' own words. With gpgcheck=0 it only warns, each time. */
export async function verifyPackage(file: string, repository: RepositorySpec, context: SyncContext): Promise<void> {
  if (!sectionOf(repository).options.gpgcheck) {
    context.warn(`[${repository.suite}] gpgcheck=0: the signature of a package is not checked`)
    return
  }
  const folder = join(context.folder, `rpmkeys-${randomUUID()}`)
  try {
    await mkdir(join(folder, 'db'), { recursive: true, mode: 0o700 })
    const keys = join(folder, 'keys.asc')
    const ring = await keyRing(await localTrust(repository, { isSync: false, context }), context.warn)
    await writeFile(keys, armour(ring), { mode: 0o600 })
    const files = { keys, package: file, database: join(folder, 'db') }
    const run = (args: string[]) => verdictOf(packageSignatureSandbox(files, args), context.signal)
    const imported = await run(['--import', '/in/keys.asc'])
    if (!imported.isGood) {
      throw new FetchError('refused', `The keys of [${repository.suite}] are none: ${imported.text}`)
    }
    const checked = await run(['--define', '_pkgverify_level all', '--checksig', '--verbose', '/in/package.rpm'])
    if (!checked.isGood) {
      const why = complaints(checked.text) || checked.text.trim()
      throw new FetchError('refused', `The signature of the package is refused (${why.slice(0, 500)})`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** rpmkeys and what it judges; the files appear inside under fixed names. */
export function packageSignatureSandbox(
  files: { keys: string; package: string; database: string },
  args: readonly string[],
): Sandbox {
  return systemSandbox('rpmkeys', {
    name: 'package-signature',
    args: ['--dbpath', '/db', ...args],
    limits: LIMITS,
    binds: [
      { from: files.keys, at: '/in/keys.asc', isPrivate: true },
      { from: files.package, at: '/in/package.rpm', isPrivate: true },
    ],
    writable: [{ from: files.database, at: '/db' }],
    tmpBytes: 64 * MIB,
  })
}

async function verdictOf(sandbox: Sandbox, signal: AbortSignal): Promise<{ isGood: boolean; text: string }> {
  const running = await startInside(sandbox, { signal, timeoutMs: TIMEOUT_MS })
  const text = new TextDecoder().decode(await gathered(running, running.output, MAX_VERDICT))
  try {
    await running.succeeded()
    return { isGood: true, text }
  } catch (error) {
    const failure = asFetchError(error)
    const isVerdict = error instanceof ProgramError && error.kind === 'failed' && !tellsOfMachine(text)
    if (!isVerdict || failure instanceof FetchError && failure.kind === 'machine') throw failure
    return { isGood: false, text: text || error.message }
  }
}

/** The lines that say what is wrong, in the words that people search for; none found: a signature is missing. */
export function complaints(verdict: string): string {
  const lines = verdict.split('\n').slice(1).map((line) => line.trim()).filter((line) => line !== '')
  const wrong = lines.filter((line) => !/: (OK|NOTFOUND)$/.test(line))
  if (wrong.length > 0) return wrong.join('; ')
  return lines.length > 0 ? 'it has none' : ''
}
