/** A yum repository, a server for it, a database and a store: what a test of this format needs, and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import type { FileRow, PackageRow } from '../../../src/packages/index/lookup.ts'
import { type FileServer, serveFolder, type ServeOptions } from '../../helpers/file_server.ts'
import { makePackageStore, type PackageStore } from '../../helpers/package_store.ts'
import { RpmRepository } from '../../helpers/rpm_repository.ts'
import type { SigningKey } from '../../helpers/signing_key.ts'

export interface RpmWorld extends PackageStore {
  repository: RpmRepository
  /** A second one, of the same key; made when it is first asked for. */
  second(): RpmRepository
  /** Serves the folder that both repositories are in. */
  server: FileServer
  /** Address of a repository. */
  url(repository?: RpmRepository): string
  /** Writes the `.repo` file: the first repository with these options, or a text. */
  configure(options?: Record<string, string> | string): void
  /** What it says. */
  repoText(): string
  fetch(row: PackageRow): Promise<void>
  known(): string[]
  kept(name: string): FileRow[]
}

/** `key`: one that has signed packages before. */
export async function makeRpmWorld(
  { key, serve = {} }: { key?: SigningKey; serve?: ServeOptions } = {},
): Promise<RpmWorld> {
  const store = await makePackageStore()
  const { folder, config, database, index } = store
  const repository = new RpmRepository(folder.path, { name: 'fedora', ...(key === undefined ? {} : { key }) })
  let second: RpmRepository | undefined
  const server = await serveFolder(folder.path, serve)
  const url = (of = repository) => `${server.url}${of.root.slice(folder.path.length + 1)}/`
  const world: RpmWorld = {
    ...store,
    repository,
    second: () => second ??= new RpmRepository(folder.path, { name: 'updates', key: repository.key }),
    server,
    url,
    configure: (options = {}) =>
      writeFileSync(
        folder.file('repos.d/test.repo'),
        typeof options === 'string' ? options : repository.section('fedora', url(), options),
      ),
    repoText: () => readFileSync(folder.file('repos.d/test.repo'), 'utf8'),
    fetch: (row) => fetchPackage(row, { config, database, signal: AbortSignal.timeout(20_000), say: () => undefined }),
    known: () =>
      (database.$client.prepare(
        `SELECT name || ' ' || version || ' ' || architecture AS text FROM package ORDER BY name, version`,
      ).all() as { text: string }[]).map(({ text }) => text),
    kept: (name) => index.filesOf(store.row(name).id),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
  world.configure()
  return world
}
