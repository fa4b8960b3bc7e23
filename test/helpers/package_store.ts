/** What every world of repositories stands on: a folder with settings, a store, a database and its index. */
import { mkdirSync } from 'node:fs'
import { type Config, readConfig } from '../../src/config/config.ts'
import { type ProxyEnvironment, readProxies } from '../../src/config/proxy_environment.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { closeDatabase, type Database, openDatabase } from '../../src/database/database.ts'
import { PackageIndex, type PackageRow } from '../../src/packages/index/lookup.ts'
import type { TransferLimits } from '../../src/packages/transfer/limits.ts'
import type { Arguments } from '../../workers/reposync/command/arguments.ts'
import { syncAll } from '../../workers/reposync/sync_all.ts'
import { type Folder, temporaryFolder } from './folder.ts'

export interface PackageStore extends AsyncDisposable {
  folder: Folder
  environment: Record<string, string>
  config: Config & { proxies: ProxyEnvironment }
  database: Database
  index: PackageIndex
  /** Runs a sync in this process; resolves with its exit code. */
  sync(options?: Partial<Omit<Arguments, 'action'>> & { limits?: TransferLimits }): Promise<number>
  /** The one package of a name and version, in any release or in one. */
  row(name: string, version?: string, releaseId?: number): PackageRow
  /** The message that a repository's row holds. */
  error(): string | null
}

/** `environment`: besides the settings, `https_proxy` and such. */
export async function makePackageStore(
  { environment: more = {} }: { environment?: Record<string, string> } = {},
): Promise<
  PackageStore
> {
  const folder = await temporaryFolder()
  mkdirSync(folder.file('repos.d'))
  const environment = {
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('db/retrace.db'),
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_MIN_FREE_MB: '1',
    ...more,
  }
  const config = { ...readConfig(PROGRAMS, environment), proxies: readProxies(environment) }
  const database = openDatabase(config.database, { migrate: true })
  const index = new PackageIndex(database)
  return {
    folder,
    environment,
    config,
    database,
    index,
    sync: ({ limits, ...options } = {}) =>
      syncAll({ action: 'sync', dryRun: false, releases: [], ...options }, {
        config,
        database,
        signal: new AbortController().signal,
        transfer: limits === undefined ? {} : { limits },
      }),
    row(name, version, releaseId) {
      const releases = releaseId === undefined ? index.releases().map(({ id }) => id) : [releaseId]
      const rows = releases.flatMap((id) => index.versionsOf(name, id))
        .filter((row) => version === undefined || row.version === version)
      const [row] = rows
      if (row === undefined || rows.length > 1) throw new Error(`Expected one ${name}, got ${rows.length}`)
      return row
    },
    error: () =>
      (database.$client.prepare('SELECT error FROM repository').get() as { error: string | null } | undefined)?.error ??
        null,
    async [Symbol.asyncDispose]() {
      closeDatabase(database)
      await folder[Symbol.asyncDispose]()
    },
  }
}
