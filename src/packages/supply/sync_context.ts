/** What a format is given to sync one repository: its connection, the files of earlier runs, and a folder of this one. */
import { log } from '../../telemetry/log.ts'
import type { Bandwidth } from '../transfer/bandwidth.ts'
import { download } from '../transfer/download.ts'
import { RememberedFiles } from '../transfer/remembered.ts'
import type { TransferLimits } from '../transfer/request.ts'
import { type Network, Transport } from '../transfer/transport.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'

/** How downloads of a run are held back. */
export interface Transfer {
  limits?: TransferLimits
  bandwidth?: Bandwidth
}

export interface ContextOptions {
  network: Network
  transfer: Transfer
  repoDir: string
  /** Of this run. */
  folder: string
  signal: AbortSignal
  isDryRun: boolean
}

export function syncContext({ uri, connection }: RepositorySpec, options: ContextOptions): SyncContext {
  const { folder, signal, repoDir, isDryRun } = options
  const common = { signal, transport: new Transport(uri, connection, options.network), ...options.transfer }
  const remembered = new RememberedFiles({
    repoDir,
    scratch: folder,
    isDryRun,
    download: (address, request) => download(address, { ...request, ...common }),
  })
  return {
    folder,
    signal,
    warn: (message) => log('reposync').warning(message),
    download: (address, request) => download(address, { ...request, ...common }),
    refresh: (address, maxSize) => remembered.refresh(address, maxSize),
    kept: (address) => remembered.kept(address),
  }
}
