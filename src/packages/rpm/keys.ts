/** The keys that a section names: files, and addresses, which are fetched and kept. */
import { readFile } from 'node:fs/promises'
import { FetchError } from '../format/error.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import type { Trust } from '../format/trust.ts'
import { shown } from '../transfer/refusal.ts'
import { keysIn } from '../verify/key_ring.ts'
import { readFreshDocument, readKeptDocument } from '../transfer/documents.ts'

/**
 * The section's trust with nothing left to fetch. An address that cannot be had, or has become something else than a
 * key, costs only itself: it is named in a warning. Throws FetchError when no key is left.
 */
export async function localTrust(
  { signedBy }: RepositorySpec,
  { isSync, context }: { isSync: boolean; context: SyncContext },
): Promise<Trust> {
  const files = [...signedBy.files]
  const faults: FetchError[] = []
  for (const address of signedBy.addresses ?? []) {
    try {
      files.push(await keyAt(address, { isSync, context }))
    } catch (error) {
      if (!(error instanceof FetchError) || context.signal.aborted) throw error
      faults.push(error)
    }
  }
  if (files.length === 0 && faults[0] !== undefined) throw faults[0]
  for (const { message } of faults) context.warn(`${message}; this gpgkey is passed over`)
  return { ...signedBy, files, addresses: [] }
}

/** The file of a key at an address. */
async function keyAt(address: string, { isSync, context }: { isSync: boolean; context: SyncContext }): Promise<string> {
  const read = async (file: string) => {
    keysIn(await readFile(file), shown(new URL(address)))
    return file
  }
  return await (isSync ? readFreshDocument : readKeptDocument)(address, { context, read })
}
