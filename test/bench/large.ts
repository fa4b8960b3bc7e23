/**
 * A large C++ program, 630 MB of DWARF: the first task, for which no index of its debuginfo is made yet, and a later one, against bare gdb
 * with the same commands and files. A part of its own: the packages are half a gigabyte, and bare gdb takes half a minute each time.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, linkSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stderr } from 'node:process'
import { residentMb } from '../../src/process/memory.ts'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { against, alternate, type Figure, plainEnvironment } from './figure.ts'
import { GOALS } from './goals.ts'
import { CEPH } from './prepare.ts'
import { finished, gdbArguments, layOver, synced, usedBy } from './programs.ts'

/** Each takes long enough to be no matter of luck. */
const ROUNDS = 3
const LOOK_MS = 100

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const crashed = CEPH()
  if (crashed === undefined) return
  const settings = synced(folder)
  const { name, core } = crashed
  const worker = join(installationRoot(), 'ops/bin/abrt-retrace-worker')
  const task = (each: number) => folder.file('spool', name, String(each))
  for (let each = 0; each < 2 * (ROUNDS + 1) + 1; each++) {
    mkdirSync(task(each), { recursive: true, mode: 0o700 })
    if (each === 0) cpSync(core, join(task(0), 'coredump'))
    else linkSync(join(task(0), 'coredump'), join(task(each), 'coredump'))
  }
  let next = 0
  const retrace = () => finished(worker, [task(next++)], settings)
  stderr.write(`bench: ${name}: packages are fetched\n`)
  await retrace()
  const packages = usedBy(task(0), settings.RETRACE_REPO_DIR ?? '')
  const sysroot = folder.file(`${name}-sysroot`)
  layOver(sysroot, packages.map((each) => join(settings.RETRACE_REPO_DIR ?? '', each)))
  let theirs = 0
  const bare = async () => theirs = Math.max(theirs, await peakMb('gdb-multiarch', gdbArguments(sysroot, crashed)))
  const first = await alternate(retrace, bare, ROUNDS)
  yield against(`worker-over-gdb-${name}-first`, first, { unit: 's', goal: GOALS['worker-over-gdb-ceph-osd-first'] })
  stderr.write(`bench: ${name}: indices are made\n`)
  await finished(worker, ['--index'], settings)
  const later = await alternate(retrace, bare, ROUNDS)
  yield against(`worker-over-gdb-${name}`, later, { unit: 's', goal: GOALS['worker-over-gdb-ceph-osd'] })
  const goal = GOALS['memory-over-gdb-ceph-osd']
  yield against(`memory-over-gdb-${name}`, { ours: heldBy(task(next - 1)), theirs }, { unit: 'MB', goal })
}

/** MiB that a program and what it started held at most, looked at as the worker looks at its own. */
async function peakMb(program: string, words: string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'ignore', env: plainEnvironment() })
  let most = 0
  const watch = setInterval(() => {
    if (child.pid !== undefined) most = Math.max(most, residentMb(child.pid))
  }, LOOK_MS)
  await once(child, 'exit')
  clearInterval(watch)
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}`)
  return most
}

/** What the task's log says that its gdb held, and the wall around it. */
function heldBy(directory: string): number {
  const held = /^debug: .* and held (\d+) MB$/m.exec(readFileSync(join(directory, 'retrace-log'), 'utf8'))?.[1]
  if (held === undefined) throw new Error(`The log of ${directory} does not say what gdb held`)
  return Number(held)
}
