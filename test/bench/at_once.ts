/**
 * Eight large cores at once (docs/design.txt, chapter 5): two each of Impress, evince, Thunderbird and Firefox, sent to the server in
 * the same moment, against two processors that do nothing but unpack a core and run bare gdb on it, one after the other, the
 * longest first.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stderr } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServerChild } from '../helpers/server.ts'
import { retraceOne } from './crowd_clients.ts'
import { against, alternate, type Figure, seconds } from './figure.ts'
import { type Crashed, PROGRAMS } from './prepare.ts'
import { finished, gdbArguments, layOver, synced, usedBy } from './programs.ts'

const NAMES = ['impress', 'evince', 'thunderbird', 'firefox']
const EACH = 2
const PROCESSORS = 2
const GOAL = 1.15

/** A core as it is sent, and what the peer does with it. */
interface Work {
  readonly body: Uint8Array
  readonly bare: () => Promise<void>
}

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const settings = synced(folder)
  const crashed = PROGRAMS.map((prepare) => prepare(folder)).filter((each) => each !== undefined)
    .filter(({ name }) => NAMES.includes(name))
  if (crashed.length < NAMES.length) {
    stderr.write(`bench: no figure of cores at once: ${crashed.length} of ${NAMES.length} programs are here\n`)
    return
  }
  const works: Work[] = []
  for (const each of crashed) works.push(await prepared(each, folder, settings))
  const solo = new Map<Work, number>()
  for (const work of works) solo.set(work, await seconds(work.bare))
  const queue = works.flatMap((work) => Array<Work>(EACH).fill(work))
    .sort((one, other) => (solo.get(other) ?? 0) - (solo.get(one) ?? 0))
  const { RETRACE_REPO_DIR = '', RETRACE_DATABASE = '', RETRACE_REPOS_D = '' } = settings
  await using home = await temporaryFolder()
  await using server = await startServerChild({
    folder: home,
    settings: { RETRACE_REPO_DIR, RETRACE_DATABASE, RETRACE_REPOS_D, RETRACE_MAX_UNPACKED_MB: '1500' },
  })
  const ours = () =>
    Promise.all(queue.map(({ body }, each) => {
      return retraceOne(server, { type: 'application/x-core', encoding: 'xz', body }, each)
    }))
  const theirs = async () => {
    const left = [...queue]
    const lane = async () => {
      for (let work = left.shift(); work !== undefined; work = left.shift()) await work.bare()
    }
    await Promise.all(Array.from({ length: PROCESSORS }, lane))
  }
  const times = await alternate(ours, theirs)
  yield against('eight-large-cores-over-two-processors-of-bare-gdb', times, { unit: 's', goal: GOAL })
}

async function prepared(crashed: Crashed, folder: Folder, settings: Record<string, string>): Promise<Work> {
  const { name, core } = crashed
  stderr.write(`bench: ${name}: packages are fetched, and indices made\n`)
  const worker = join(installationRoot(), 'ops/bin/abrt-retrace-worker')
  const task = folder.file('spool', name)
  mkdirSync(task, { recursive: true, mode: 0o700 })
  cpSync(core, join(task, 'coredump'))
  await finished(worker, [task], settings)
  await finished(worker, ['--index'], settings)
  const sysroot = folder.file(`${name}-sysroot`)
  layOver(
    sysroot,
    usedBy(task, settings.RETRACE_REPO_DIR ?? '').map((each) => join(settings.RETRACE_REPO_DIR ?? '', each)),
  )
  const packed = folder.file(`${name}.xz`)
  writeFileSync(packed, execFileSync('xz', ['-2', '-T0', '-c', core], { maxBuffer: 1 << 30 }))
  let next = 0
  const bare = async () => {
    const plain = folder.file(`${name}-${next++}.core`)
    await finished('sh', ['-c', 'xz -dc "$1" > "$2"', 'sh', packed, plain], {})
    await finished('gdb-multiarch', gdbArguments(sysroot, { ...crashed, core: plain }), {})
    await finished('rm', ['-f', plain], {})
  }
  return { body: readFileSync(packed), bare }
}
