/**
 * Small documents of a section, mirror lists and keys: asked for anew by each sync, and used as the last one left them
 * when a package is fetched. What cannot be had anew is used as it is, since the list of yesterday is better than none.
 */
import { FetchError } from '../format/error.ts'
import type { Refreshed, SyncContext } from '../format/sync_context.ts'
import { MIB } from '../../units/bytes.ts'

/** Bytes of a metalink of Fedora: 40,000. */
const MAX_DOCUMENT = 8 * MIB

/** For a sync. `keep` is to be called once it was read. Throws FetchError when there is none. */
export async function freshDocument(address: string, context: SyncContext): Promise<Refreshed> {
  try {
    return await context.refresh(address, MAX_DOCUMENT)
  } catch (error) {
    const file = context.kept(address)
    if (!(error instanceof FetchError) || file === undefined || context.signal.aborted) throw error
    context.warn(`${error.message}; what an earlier sync has left is used`)
    return { file, isUnchanged: true, keep: () => Promise.resolve() }
  }
}

/** For a package: what a sync has left, else as it is now. */
export async function keptDocument(address: string, context: SyncContext): Promise<Refreshed> {
  const file = context.kept(address)
  if (file === undefined) return await freshDocument(address, context)
  return { file, isUnchanged: true, keep: () => Promise.resolve() }
}
