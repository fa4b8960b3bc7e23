/**
 * Crashes of which no package is here: from the first byte of the upload to the end of the task, the server fetches while the core arrives
 * and is unpacked, several packages at a time, against one thing after the other: unpack the core, fetch each of the same packages from
 * the same archive, unpack them, run gdb.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stderr } from 'node:process'
import Sqlite from 'better-sqlite3'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'
import { retraceOne } from './crowd_clients.ts'
import { against, alternate, type Figure } from './figure.ts'
import { GOALS } from './goals.ts'
import { type Crashed, PROGRAMS } from './prepare.ts'
import { downloaded, finished, gdbArguments, makeRoot, synced, usedBy } from './programs.ts'

/** Each fetches all packages of a desktop program from the archive, twice. */
const ROUNDS = 3

const GOAL_OF: Readonly<Record<string, number>> = {
  evince: GOALS['cold-over-one-by-one-evince'],
  firefox: GOALS['cold-over-one-by-one-firefox'],
}

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const settings = synced(folder)
  for (const prepare of PROGRAMS) {
    const crashed = prepare(folder)
    const goal = GOAL_OF[crashed?.name ?? '']
    if (crashed === undefined || goal === undefined) continue
    yield against(`cold-over-one-by-one-${crashed.name}`, await coldOf(crashed, folder, settings), { unit: 's', goal })
  }
}

async function coldOf(
  crashed: Crashed,
  folder: Folder,
  settings: Record<string, string>,
): Promise<{ ours: number; theirs: number }> {
  const { name, core } = crashed
  const packed = folder.file(`${name}.xz`)
  execFileSync('sh', ['-c', 'xz -2 -T0 -c "$1" > "$2"', 'sh', core, packed])
  const body = readFileSync(packed)
  const servers: ServerChild[] = []
  try {
    stderr.write(`bench: ${name}: servers that have no package, and the archive's index\n`)
    for (let each = 0; each <= ROUNDS; each++) servers.push(await emptyServer(settings))
    const place = folder.file(`${name}-one-by-one`)
    const waiting = [...servers]
    let packages: string[] = []
    let database = ''
    const ours = async () => {
      const server = waiting.shift()
      if (server === undefined) throw new Error('There are more rounds than servers')
      await retraceOne(server, { type: 'application/x-core', encoding: 'xz', body }, 0)
      // It would make indices now.
      await server.end('SIGKILL')
      packages = usedBy(server.spool('1'), server.config.repoDir)
      database = server.config.database
    }
    const theirs = async () => {
      rmSync(place, { recursive: true, force: true })
      const root = join(place, 'root')
      makeRoot(root)
      const plain = join(place, 'core')
      await finished('sh', ['-c', 'xz -dc "$1" > "$2"', 'sh', packed, plain], {})
      for (const file of await downloaded(packages, join(place, 'debs'), { RETRACE_DATABASE: database })) {
        await finished('dpkg-deb', ['-x', file, root], {})
      }
      await finished('gdb-multiarch', gdbArguments(root, { ...crashed, core: plain }), {})
    }
    return await alternate(ours, theirs, ROUNDS)
  } finally {
    for (const server of servers) {
      await server[Symbol.asyncDispose]()
      await server.folder[Symbol.asyncDispose]()
    }
  }
}

async function emptyServer({ RETRACE_DATABASE = '', RETRACE_REPOS_D = '' }: Record<string, string>) {
  const folder = await temporaryFolder()
  mkdirSync(folder.file('database'))
  const index = new Sqlite(RETRACE_DATABASE)
  index.prepare('VACUUM INTO ?').run(folder.file('database', 'retrace.db'))
  index.close()
  return await startServerChild({ folder, settings: { RETRACE_REPOS_D, RETRACE_MAX_UNPACKED_MB: '1500' } })
}
