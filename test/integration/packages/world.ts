/** A Debian repository, a server for it, a database and a store: what a test of the package rooms needs, nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { DebRepository } from '../../helpers/deb_repository.ts'
import { type FileServer, serveFolder, type ServeOptions } from '../../helpers/file_server.ts'
import { makePackageStore, type PackageStore } from '../../helpers/package_store.ts'

export interface World extends PackageStore {
  repository: DebRepository
  server: FileServer
  /** Writes the `.sources` file. */
  configure(fields?: Record<string, string | undefined>): void
  /** What it says. */
  sourcesText(): string
}

export interface WorldOptions {
  serve?: ServeOptions
  /** Besides the settings: `https_proxy` and such. */
  environment?: Record<string, string>
}

export async function makeWorld({ serve = {}, environment = {} }: WorldOptions = {}): Promise<World> {
  const store = await makePackageStore({ environment })
  const { folder, index } = store
  const repository = new DebRepository(folder.path)
  const server = await serveFolder(repository.root, serve)
  const world: World = {
    ...store,
    repository,
    server,
    configure: (fields = {}) =>
      writeFileSync(folder.file('repos.d/test.sources'), repository.sources(server.url, fields)),
    sourcesText: () => readFileSync(folder.file('repos.d/test.sources'), 'utf8'),
    row: (name, version, releaseId = index.releases()[0]?.id ?? 0) => store.row(name, version, releaseId),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
  world.configure()
  return world
}
