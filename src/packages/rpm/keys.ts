/** The keys that a section names: files, and addresses, which are fetched and kept. */
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import type { Trust } from '../format/trust.ts'
import { keyRing } from '../verify/key_ring.ts'
import { freshDocument, keptDocument } from './documents.ts'

/** The section's trust with nothing left to fetch. Throws FetchError for an address that cannot be had, or is no key. */
export async function localTrust(
  { signedBy }: RepositorySpec,
  { isSync, context }: { isSync: boolean; context: SyncContext },
): Promise<Trust> {
  const files = [...signedBy.files]
  for (const address of signedBy.addresses ?? []) {
    const document = await (isSync ? freshDocument : keptDocument)(address, context)
    await keyRing({ files: [document.file], inline: [], fingerprints: [] })
    await document.keep()
    files.push(document.file)
  }
  return { ...signedBy, files, addresses: [] }
}
