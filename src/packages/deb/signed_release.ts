/**
 * The signed description of a suite: InRelease, or Release with Release.gpg, verified. Owns which of them is asked for,
 * and where they are; one request where nothing has changed.
 */
import { readFile } from 'node:fs/promises'
import { FetchError } from '../format/error.ts'
import { addressBelow } from '../format/place.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { Refreshed, SyncContext } from '../format/sync_context.ts'
import { optionsOf } from './options.ts'
import { usualKeyRings } from './trusted.ts'
import type { Trust } from '../format/trust.ts'
import { assertNoHtml } from '../verify/html.ts'
import { MAX_RELEASE, type Verification, verifiedText } from '../verify/signature.ts'

/** Where a suite's files are; one that ends with a slash is a path below the address. */
export function suiteAddress({ uri, suite }: RepositorySpec): string {
  if (!suite.endsWith('/')) return addressBelow(uri, `dists/${suite}/`)
  return suite === './' || suite === '/' ? uri : addressBelow(uri, suite)
}

export interface SignedText {
  /** What it says, but for what stands outside the signed part. */
  text: string
  /** Keeps it for the next sync: to be called for what is not refused otherwise, which is asked for anew. */
  keep(): Promise<void>
}

/** Throws FetchError. */
export async function signedRelease(repository: RepositorySpec, context: SyncContext): Promise<SignedText> {
  const base = suiteAddress(repository)
  const { inReleasePath } = optionsOf(repository)
  if (inReleasePath !== undefined) {
    const text = await context.refresh(addressBelow(base, inReleasePath), MAX_RELEASE)
    return await verified({ text, signature: undefined }, repository, context)
  }
  const unchanged = await unchangedPair(repository, context)
  if (unchanged !== undefined) return unchanged
  const inRelease = await unlessMissing(context.refresh(`${base}InRelease`, MAX_RELEASE))
  if (inRelease !== undefined) return await verified({ text: inRelease, signature: undefined }, repository, context)
  const text = await context.refresh(`${base}Release`, MAX_RELEASE)
  const signature = await context.refresh(`${base}Release.gpg`, MAX_RELEASE)
  return await verified({ text, signature }, repository, context)
}

/** Undefined for what is not there. */
async function unlessMissing<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof FetchError && error.kind === 'not-found') return undefined
    throw error
  }
}

/** A suite that had no InRelease the last time: when its Release is the same, one request was enough. */
async function unchangedPair(repository: RepositorySpec, context: SyncContext): Promise<SignedText | undefined> {
  const base = suiteAddress(repository)
  const signature = context.kept(`${base}Release.gpg`)
  if (signature === undefined || context.kept(`${base}InRelease`) !== undefined) return undefined
  const text = await unlessMissing(context.refresh(`${base}Release`, MAX_RELEASE))
  if (text?.isUnchanged !== true) return undefined
  const verified = await verifiedText({ text: text.file, signature }, verification(repository, context))
  return { text: verified, keep: () => Promise.resolve() }
}

async function verified(
  { text, signature }: { text: Refreshed; signature: Refreshed | undefined },
  repository: RepositorySpec,
  context: SyncContext,
): Promise<SignedText> {
  const files = { text: text.file, signature: signature?.file }
  if (signature !== undefined) await assertArmoured(signature.file)
  return {
    text: await verifiedText(files, verification(repository, context)).catch((error: unknown) => {
      throw refused(error, repository)
    }),
    async keep() {
      await text.keep()
      await signature?.keep()
    },
  }
}

function verification({ signedBy }: RepositorySpec, { folder, warn }: SyncContext): Verification {
  const trust = namesKeys(signedBy) ? signedBy : { ...signedBy, files: usualKeyRings() }
  return { trust, folder, warn, refusesWeakDigests: true }
}

function namesKeys({ files, inline }: Trust): boolean {
  return files.length > 0 || inline.length > 0
}

/** A stanza without keys is told so. */
function refused(error: unknown, { signedBy, file, line }: RepositorySpec): unknown {
  if (!(error instanceof FetchError) || error.kind !== 'refused' || namesKeys(signedBy)) return error
  const message =
    `${error.message}. The keys that apt trusts here were asked, since ${file}:${line} has no Signed-By ` +
    'that names a file or a key'
  return new FetchError('refused', message, { cause: error })
}

/** apt refuses a binary one. */
async function assertArmoured(file: string): Promise<void> {
  const bytes = await readFile(file)
  assertNoHtml(bytes, 'Release.gpg')
  if (bytes.toString('latin1').trimStart().startsWith('-----BEGIN PGP SIGNATURE-----')) return
  throw new FetchError('refused', 'Release.gpg is not armoured, which apt refuses, too: sign with gpg --armor')
}
