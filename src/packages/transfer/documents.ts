/**
 * Small documents of a section, mirror lists and keys: asked for anew by each sync, and used as the last one left them
 * when a package is fetched. What cannot be had anew is used as it is, since the list of yesterday is better than none.
 */
import { FetchError } from '../format/error.ts'
import type { Refreshed, SyncContext } from '../format/sync_context.ts'
import { MIB } from '../../units/bytes.ts'

/** Bytes of a metalink of Fedora: 40,000. */
const MAX_DOCUMENT = 8 * MIB

/** Reads a document, and throws FetchError for one that is not what it should be. */
interface Reading<Value> {
  context: SyncContext
  read(file: string): Value | Promise<Value>
}

/** For a sync: what was read. A page that came in the place of a document never replaces one that was kept. */
export async function readFreshDocument<Value>(address: string, { context, read }: Reading<Value>): Promise<Value> {
  return await readDocument(address, await freshDocument(address, context), { context, read })
}

/** For a package: the same of what a sync has left, else of what is there now. */
export async function readKeptDocument<Value>(address: string, { context, read }: Reading<Value>): Promise<Value> {
  return await readDocument(address, await keptDocument(address, context), { context, read })
}

async function readDocument<Value>(
  address: string,
  document: Refreshed,
  { context, read }: Reading<Value>,
): Promise<Value> {
  let value: Value
  try {
    value = await read(document.file)
  } catch (error) {
    const kept = context.kept(address)
    if (!(error instanceof FetchError) || kept === undefined || kept === document.file) throw error
    context.warn(`${error.message}; what an earlier sync has left is used`)
    return await read(kept)
  }
  await document.keep()
  return value
}

/** Throws FetchError when there is none. */
async function freshDocument(address: string, context: SyncContext): Promise<Refreshed> {
  try {
    return await context.refresh(address, MAX_DOCUMENT)
  } catch (error) {
    const file = context.kept(address)
    if (!(error instanceof FetchError) || file === undefined || context.signal.aborted) throw error
    context.warn(`${error.message}; what an earlier sync has left is used`)
    return { file, isUnchanged: true, keep: () => Promise.resolve() }
  }
}

async function keptDocument(address: string, context: SyncContext): Promise<Refreshed> {
  const file = context.kept(address)
  if (file === undefined) return await freshDocument(address, context)
  return { file, isUnchanged: true, keep: () => Promise.resolve() }
}
