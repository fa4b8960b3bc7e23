/**
 * Signatures of an index: gpgv in bubblewrap, on InRelease, on Release with Release.gpg, or on repomd.xml with its
 * .asc. Owns the run; what its status lines mean is in `verdict.ts` (its exit code is 2 where one of several keys is
 * not known: docs/facts.md, 'Debian packages'). What counts afterwards is only what gpgv wrote: text outside the signed
 * part never reaches a caller.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { killGroup } from '../../process/start.ts'
import { sandboxed } from '../../process/wall.ts'
import { FetchError } from '../format/error.ts'
import type { SyncContext } from '../format/sync_context.ts'
import type { Trust } from '../format/trust.ts'
import { assertNoHtml } from './html.ts'
import { keyRing } from './key_ring.ts'
import { refusalOf } from './verdict.ts'

const TIMEOUT_MS = 30_000
/** Debian's InRelease has 150 kB. */
export const MAX_RELEASE = 64 << 20

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
  const result = await runGpgv(gpgvArguments(ring, files))
  const refusal = refusalOf(result.status, { fingerprints: trust.fingerprints, refusesWeakDigests })
  if (refusal !== undefined) throw new FetchError('refused', refusal)
  return files.signature === undefined ? result.output : await readFile(files.text, 'utf8')
}
/** The command line; a pure function of the files, which appear inside under fixed names. */
export function gpgvArguments(ring: string, { text, signature }: SignedFiles): string[] {
  const inside = signature === undefined ? ['--output', '-', '/in/text'] : ['/in/signature', '/in/text']
  const files = {
    '/in/keys.gpg': ring,
    '/in/text': text,
    ...(signature === undefined ? {} : { '/in/signature': signature }),
  }
  const gpgv = ['/usr/bin/gpgv', '--quiet', '--status-fd', '3', '--keyring', '/in/keys.gpg', ...inside]
  return sandboxed(gpgv, { readable: files })
}

function runGpgv(args: string[]): Promise<{ status: string; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bwrap', args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true, env: {} })
    const [, out, err, statusPipe] = child.stdio
    const read = { output: [] as Uint8Array[], status: '', complaint: '', size: 0 }
    const timer = setTimeout(() => killGroup(child), TIMEOUT_MS)
    out?.on('data', (chunk: Uint8Array) => {
      read.size += chunk.length
      if (read.size > MAX_RELEASE) killGroup(child)
      else read.output.push(chunk)
    })
    err?.on('data', (chunk: Uint8Array) => read.complaint = (read.complaint + decode([chunk])).slice(-2000))
    if (statusPipe !== undefined && statusPipe !== null && 'on' in statusPipe) {
      statusPipe.on('data', (chunk: Uint8Array) => read.status = (read.status + decode([chunk])).slice(0, 100_000))
    }
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(new FetchError('refused', 'bwrap cannot be started to check a signature: is it installed?', { cause }))
    })
    child.on('close', (_code, signal) => {
      clearTimeout(timer)
      if (signal !== null) reject(new FetchError('refused', 'gpgv did not come to an end with a signature'))
      else if (read.status === '') reject(new FetchError('refused', `gpgv could not run: ${read.complaint.trim()}`))
      else resolve({ status: read.status, output: decode(read.output) })
    })
  })
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
