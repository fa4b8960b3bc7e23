/**
 * Signatures of an index: gpgv behind the wall, on InRelease, on Release with Release.gpg, or on repomd.xml with its
 * .asc. What its status lines mean is in `verdict.ts` (its exit code is 2 where one of several keys is not known:
 * docs/facts.md, 'Debian packages'). What counts afterwards is only what gpgv wrote: text outside the signed part never
 * reaches a caller.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gathered } from '../../process/gather.ts'
import { startInside } from '../../process/inside.ts'
import { systemSandbox } from '../../process/system.ts'
import type { Sandbox } from '../../process/wall.ts'
import { FetchError } from '../format/error.ts'
import { asFetchError } from '../format/program_failure.ts'
import type { SyncContext } from '../format/sync_context.ts'
import type { Trust } from '../format/trust.ts'
import { assertNoHtml } from './html.ts'
import { keyRing } from './key_ring.ts'
import { refusalOf } from './verdict.ts'
import { GIB, MIB } from '../../units/bytes.ts'

const TIMEOUT_MS = 30_000
const LIMITS = { addressSpace: GIB, cpuS: 60, fileBytes: 0, openFiles: 64, processes: 1 }
const MAX_STATUS = 100_000
/** Debian's InRelease has 150 kB. */
export const MAX_RELEASE = 64 * MIB

export interface SignedFiles {
  /** The text with the signature in it, or the text whose signature is in `signature`. */
  text: string
  signature: string | undefined
}

export interface Verification extends Pick<SyncContext, 'folder' | 'warn'> {
  trust: Trust
  /** MD5, SHA1 and RIPEMD-160 count as no signature. */
  refusesWeakDigests: boolean
}

/** The signed text. Throws FetchError 'refused' with the reason where no trusted key signed it. */
export async function verifiedText(files: SignedFiles, verification: Verification): Promise<string> {
  const { trust, folder, refusesWeakDigests } = verification
  assertNoHtml(await readFile(files.text), 'What should be a signed text')
  if (files.signature !== undefined) assertNoHtml(await readFile(files.signature), 'What should be a signature')
  const ring = join(folder, 'keys.gpg')
  await writeFile(ring, await keyRing(trust, verification.warn), { mode: 0o600 })
  const result = await runGpgv(signatureSandbox(ring, files))
  const refusal = refusalOf(result.status, { fingerprints: trust.fingerprints, refusesWeakDigests })
  if (refusal !== undefined) throw new FetchError('refused', refusal)
  return files.signature === undefined ? result.output : await readFile(files.text, 'utf8')
}

/** gpgv and what it judges; the files appear inside under fixed names. */
export function signatureSandbox(ring: string, { text, signature }: SignedFiles): Sandbox {
  const inside = signature === undefined ? ['--output', '-', '/in/text'] : ['/in/signature', '/in/text']
  return systemSandbox('gpgv', {
    name: 'index-signature',
    args: ['--quiet', '--status-fd', '3', '--keyring', '/in/keys.gpg', ...inside],
    limits: LIMITS,
    binds: [
      { from: ring, at: '/in/keys.gpg', isPrivate: true },
      { from: text, at: '/in/text', isPrivate: true },
      ...(signature === undefined ? [] : [{ from: signature, at: '/in/signature', isPrivate: true as const }]),
    ],
  })
}

/** Its exit code is no verdict, but a signal is: it did not come to an end. Nor is it one that this machine could not run it. */
async function runGpgv(sandbox: Sandbox): Promise<{ status: string; output: string }> {
  const running = await startInside(sandbox, { channels: 1, timeoutMs: TIMEOUT_MS })
  const [channel = running.output] = running.channels
  const [output, said] = await Promise.all([
    gathered(running, running.output, MAX_RELEASE),
    gathered(running, channel, MAX_STATUS),
  ])
  const { signal, failure, complaint } = await running.ended
  const fetchError = await running.succeeded().then(() => undefined, asFetchError)
  if (fetchError instanceof FetchError && fetchError.kind !== 'malformed') throw fetchError
  if (signal !== null || failure !== undefined) {
    throw new FetchError('refused', 'gpgv did not come to an end with a signature', { cause: failure })
  }
  const status = decode(said)
  if (status === '') throw new FetchError('machine', `gpgv could not run: ${complaint}`)
  return { status, output: decode(output) }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
