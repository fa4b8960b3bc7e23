/**
 * A server's surroundings for long runs: a repository that is served over HTTP and has the packages of a real crash (the
 * kernel-written core of test/fixtures/cores/amd64), the settings that name it, and the uploads of that crash.
 */
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'
import { pack, tarOf } from './archives.ts'
import { fixtureCore, fixtureFiles, fixturePath } from './cores.ts'
import { DebRepository } from './deb_repository.ts'
import { serveFolder } from './file_server.ts'
import type { Folder } from './folder.ts'

const LIBC = '2.36-9+deb12u14'
const PROGRAM = '1.0-1'

export interface Upload {
  readonly type: string
  readonly encoding?: string
  readonly body: Uint8Array
}

export interface CrashWorld extends AsyncDisposable {
  readonly uploads: { readonly bare: Upload; readonly archive: Upload }
  /** Publishes the suite once more, with one package more: there is something to sync. */
  grow(): void
}

/** In the folder of a server that serverSettings() has prepared, or will: `repos.d` names the repository. */
export async function crashWorld(folder: Folder): Promise<CrashWorld> {
  const place = folder.file('world')
  const files = join(place, 'files')
  for (const each of [place, files, folder.file('repos.d')]) mkdirSync(each, { recursive: true })
  fixtureFiles('amd64', files)
  const { core } = fixtureCore('amd64', place)
  const repository = new DebRepository(place)
  const copied = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, { copy: files + path }]))
  repository.add({ name: 'crash', version: PROGRAM, files: copied('/usr/bin/crash') })
  const libraries = ['/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libc.so.6']
  repository.add({ name: 'libc6', version: LIBC, source: 'glibc', files: copied(...libraries) })
  repository.publish()
  const served = await serveFolder(repository.root)
  writeFileSync(folder.file('repos.d', 'world.sources'), repository.sources(served.url))
  const archive = tarOf({
    coredump: readFileSync(core),
    architecture: 'x86_64\n',
    release: 'Debian GNU/Linux 12 (bookworm)\n',
    packages: `crash_${PROGRAM}_amd64\nlibc6_${LIBC}_amd64\n`,
  })
  let more = 0
  return {
    uploads: {
      bare: { type: 'application/x-core', encoding: 'xz', body: readFileSync(fixturePath('amd64', 'core.xz')) },
      archive: { type: 'application/x-xz', body: pack('xz', archive, ['-2']) },
    },
    grow() {
      repository.add({
        name: 'more',
        version: `${++more}`,
        files: { '/usr/bin/more': { bytes: Buffer.alloc(64, more) } },
      })
      repository.publish()
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
    },
  }
}

/** Runs a program of ops/bin to its end; resolves to its exit code and what it said. */
export async function runProgram(
  name: 'abrt-reposync' | 'abrt-retrace-clean',
  settings: Record<string, string>,
  words: string[] = [],
): Promise<{ code: number | null; text: string }> {
  const child = spawn(join(installationRoot(), 'ops', 'bin', name), words, {
    env: { PATH: env.PATH, HOME: env.HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
    killSignal: 'SIGKILL',
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => text += chunk)
  const [code] = await once(child, 'close') as [number | null]
  return { code, text }
}
