/**
 * A repository for the machine: the packages of what is to crash, as the image's own archive had them, in a suite that a key
 * of this run signs. It is served from here, by HTTP.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DebRepository } from '../helpers/deb_repository.ts'
import { serveFolder } from '../helpers/file_server.ts'

/** As qemu's network calls the machine on which it runs. */
const HOST = '10.0.2.2'

export interface Mirror extends AsyncDisposable {
  /** The text of a .sources file. */
  readonly sources: string
}

/** `folder` exists and is the caller's to remove; `debs` is one of packages. */
export async function serveMirror(folder: string, debs: string): Promise<Mirror> {
  const repository = new DebRepository(folder)
  for (const file of readdirSync(debs)) repository.takeReal(join(debs, file))
  repository.publish()
  const served = await serveFolder(repository.root)
  const key = repository.armouredKey.trimEnd().split('\n').map((line) => ` ${line === '' ? '.' : line}`).join('\n')
  return {
    sources: repository.sources(served.url.replace('127.0.0.1', HOST), { 'Signed-By': `\n${key}` }),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
    },
  }
}
