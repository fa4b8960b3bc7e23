/** A repository, a server for it, a database and a store: what a test of the package rooms needs, and nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Config, readConfig } from '../../../src/config/config.ts'
import { PROGRAMS } from '../../../src/config/settings.ts'
import { type ProxyEnvironment, readProxies } from '../../../src/config/proxy_environment.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { PackageIndex, type PackageRow } from '../../../src/packages/index/lookup.ts'
import type { TransferLimits } from '../../../src/packages/transfer/limits.ts'
import { syncAll } from '../../../workers/reposync/sync_all.ts'
import { DebRepository } from '../../helpers/deb_repository.ts'
import { type FileServer, serveFolder, type ServeOptions } from '../../helpers/file_server.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

export interface World extends AsyncDisposable {
  folder: Folder
  repository: DebRepository
  server: FileServer
  config: Config & { proxies: ProxyEnvironment }
  database: Database
  index: PackageIndex
  environment: Record<string, string>
  /** Writes the `.sources` file. */
  configure(fields?: Record<string, string | undefined>): void
  /** What it says. */
  sourcesText(): string
  /** Runs a sync in this process; resolves with its exit code. */
  sync(options?: { dryRun?: boolean; releases?: string[]; limits?: TransferLimits }): Promise<number>
  /** The one package of a name and version. */
  row(name: string, version?: string): PackageRow
  /** The message that a repository's row holds. */
  error(): string | null
}

export interface WorldOptions {
  serve?: ServeOptions
  /** Besides the settings: `https_proxy` and such. */
  environment?: Record<string, string>
}

export async function makeWorld({ serve = {}, environment: more = {} }: WorldOptions = {}): Promise<World> {
  const folder = await temporaryFolder()
  const repository = new DebRepository(folder.path)
  const server = await serveFolder(repository.root, serve)
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
  const world: World = {
    folder,
    repository,
    server,
    config,
    database,
    index,
    environment,
    configure: (fields = {}) =>
      writeFileSync(folder.file('repos.d/test.sources'), repository.sources(server.url, fields)),
    sourcesText: () => readFileSync(folder.file('repos.d/test.sources'), 'utf8'),
    sync: ({ dryRun = false, releases = [], limits } = {}) =>
      syncAll({ action: 'sync', dryRun, releases }, {
        config,
        database,
        signal: new AbortController().signal,
        transfer: limits === undefined ? {} : { limits },
      }),
    row(name, version) {
      const release = index.releases()[0]?.id ?? 0
      const rows = index.versionsOf(name, release).filter((row) => version === undefined || row.version === version)
      const [row] = rows
      if (row === undefined || rows.length > 1) throw new Error(`Expected one ${name}, got ${rows.length}`)
      return row
    },
    error: () => (database.$client.prepare('SELECT error FROM repository').get() as { error: string | null }).error,
    async [Symbol.asyncDispose]() {
      database.$client.close()
      await server[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
  world.configure()
  return world
}
