/**
 * What a format is given of a repository's hosts (SyncContext): downloads over the repository's connection, the small
 * files of earlier runs, a folder of this one. Made here for syncs and for packages alike.
 */
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import type { Bandwidth } from './bandwidth.ts'
import { download } from './download.ts'
import { RememberedFiles, type RememberedOptions } from './remembered.ts'
import type { TransferLimits } from './limits.ts'
import { type Network, Transport } from './transport.ts'

/** How downloads are held back, and who hears of their bytes. */
export interface Transfer {
  limits?: TransferLimits
  bandwidth?: Bandwidth
  onBytes?: (count: number) => void
}

export interface ContextOptions {
  network: Network
  transfer: Transfer
  /** Where small files are kept. */
  repoDir: string
  /** For what is downloaded; removed by the caller. */
  folder: string
  signal: AbortSignal
  /** RETRACE_MIRRORS_S. */
  mirrorsMs: number
  /** Nothing is kept. */
  isDryRun: boolean
  warn(message: string): void
}

/** The context of one repository. */
export function syncContext(
  { uri, connection, addresses }: Pick<RepositorySpec, 'uri' | 'connection' | 'addresses'>,
  { network, transfer, repoDir, folder, signal, mirrorsMs, isDryRun, warn }: ContextOptions,
): SyncContext {
  const transport = new Transport(uri, connection, network, addresses)
  const get: RememberedOptions['download'] = (address, request) =>
    download(address, { ...request, ...transfer, signal, transport })
  const remembered = new RememberedFiles({ repoDir, scratch: folder, isDryRun, download: get })
  return {
    folder,
    signal,
    mirrorsMs,
    warn,
    download: get,
    refresh: (address, maxSize) => remembered.refresh(address, maxSize),
    owns: (address) => transport.owns(address),
    kept: (address) => remembered.kept(address),
  }
}
