/**
 * Signatures of packages: rpmkeys in bubblewrap, with a database of its own that holds the keys of the section and no
 * others. Owns the verdict: header and payload, digests and signature, all of them (`_pkgverify_level all`; without it
 * a package without a signature passes). Nothing else opens a package before.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild } from '../../process/start.ts'
import { FetchError } from '../format/error.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import { armour, keyRing } from '../verify/key_ring.ts'
import { sandboxed } from '../../process/wall.ts'
import { localTrust } from './keys.ts'
import { sectionOf } from './section.ts'

const TIMEOUT_MS = 600_000
const MAX_VERDICT = 20_000

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
    await writeFile(
      keys,
      armour(await keyRing(await localTrust(repository, { isSync: false, context }), context.warn)),
      {
        mode: 0o600,
      },
    )
    const run = (args: string[]) => {
      const command = ['/usr/bin/rpmkeys', '--dbpath', '/db', ...args]
      const readable = { '/in/keys.asc': keys, '/in/package.rpm': file }
      return verdictOf(sandboxed(command, { readable, writable: { '/db': join(folder, 'db') } }), context.signal)
    }
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

async function verdictOf(args: string[], signal: AbortSignal): Promise<{ isGood: boolean; text: string }> {
  await using child = startChild('bwrap', args, { signal, timeoutMs: TIMEOUT_MS })
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) {
    text = (text + decoder.decode(chunk, { stream: true })).slice(0, MAX_VERDICT)
  }
  try {
    await child.ended
    return { isGood: true, text }
  } catch (error) {
    if (!(error instanceof FetchError) || error.kind !== 'malformed') throw error
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
