/** A yum repository, a server for it, a database and a store: what a test of this format needs, and nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Config, readConfig } from '../../../src/config/config.ts'
import { PROGRAMS } from '../../../src/config/settings.ts'
import { type ProxyEnvironment, readProxies } from '../../../src/config/proxy_environment.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { type FileRow, PackageIndex, type PackageRow } from '../../../src/packages/index/lookup.ts'
import { syncAll } from '../../../workers/reposync/sync_all.ts'
import { type FileServer, serveFolder } from '../../helpers/file_server.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { RpmRepository } from '../../helpers/rpm_repository.ts'

export interface RpmWorld extends AsyncDisposable {
  folder: Folder
  repository: RpmRepository
  /** A second one, of the same key; made when it is first asked for. */
  second(): RpmRepository
  /** Serves the folder that both repositories are in. */
  server: FileServer
  /** Address of a repository. */
  url(repository?: RpmRepository): string
  config: Config & { proxies: ProxyEnvironment }
  database: Database
  index: PackageIndex
  environment: Record<string, string>
  /** Writes the `.repo` file: the first repository with these options, or a text. */
  configure(options?: Record<string, string> | string): void
  sync(): Promise<number>
  fetch(row: PackageRow): Promise<void>
  /** The one package of a name and version. */
  row(name: string, version?: string): PackageRow
  known(): string[]
  kept(name: string): FileRow[]
  error(): string | null
}

export async function makeRpmWorld(): Promise<RpmWorld> {
  const folder = await temporaryFolder()
  const repository = new RpmRepository(folder.path, { name: 'fedora' })
  let second: RpmRepository | undefined
  const server = await serveFolder(folder.path)
  mkdirSync(folder.file('repos.d'))
  const environment = {
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('db/retrace.db'),
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_MIN_FREE_MB: '1',
  }
  const config = { ...readConfig(PROGRAMS, environment), proxies: readProxies(environment) }
  const database = openDatabase(config.database, { migrate: true })
  const index = new PackageIndex(database)
  const url = (of = repository) => `${server.url}${of.root.slice(folder.path.length + 1)}/`
  const world: RpmWorld = {
    folder,
    repository,
    second: () => second ??= new RpmRepository(folder.path, { name: 'updates', key: repository.key }),
    server,
    url,
    config,
    database,
    index,
    environment,
    configure: (options = {}) =>
      writeFileSync(
        folder.file('repos.d/test.repo'),
        typeof options === 'string' ? options : repository.section('fedora', url(), options),
      ),
    sync: () =>
      syncAll({ action: 'sync', dryRun: false, releases: [] }, {
        config,
        database,
        signal: new AbortController().signal,
      }),
    fetch: (row) => fetchPackage(row, { config, database, signal: AbortSignal.timeout(20_000), say: () => undefined }),
    row(name, version) {
      const rows = index.releases().flatMap(({ id }) => index.versionsOf(name, id))
        .filter((row) => version === undefined || row.version === version)
      const [row] = rows
      if (row === undefined || rows.length > 1) throw new Error(`Expected one ${name}, got ${rows.length}`)
      return row
    },
    known: () =>
      (database.$client.prepare(
        `SELECT name || ' ' || version || ' ' || architecture AS text FROM package ORDER BY name, version`,
      ).all() as { text: string }[]).map(({ text }) => text),
    kept: (name) => index.filesOf(world.row(name).id),
    error: () =>
      (database.$client.prepare('SELECT error FROM repository').get() as { error: string | null } | undefined)?.error ??
        null,
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
