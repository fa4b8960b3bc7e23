/**
 * Which processes work in which task directory: the worker has its log open there from its first instruction to its
 * last, and so has all that it starts. Asked of the kernel (proc(5)), so that it holds for a worker started by hand, too,
 * and ends with the process, however it does.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, sep } from 'node:path'
import { kill, pid as self } from 'node:process'
import type { TaskFile } from '../task/files.ts'

const LOG: TaskFile = 'worker.log'

/** Directories directly below `spoolDir` in which a process has a file open or that it has as working directory. */
export function busyDirectories(spoolDir: string): Set<string> {
  const busy = new Set<string>()
  for (const pid of processIds()) {
    const descriptors = names(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`)
    for (const link of [`/proc/${pid}/cwd`, ...descriptors]) {
      const directory = directoryOf(link, spoolDir)
      if (directory !== undefined) busy.add(directory)
    }
  }
  return busy
}

/**
 * Kills what workers left behind that died with their server: processes whose output goes into a task's log, and whose
 * process group has lost its leader, the worker. How many there were.
 */
export function killOrphans(spoolDir: string): number {
  let killed = 0
  for (const pid of processIds()) {
    if (Number(pid) === self) continue
    if (hasLeader(pid)) continue
    const isOurs = ['1', '2'].some((fd) => {
      const link = `/proc/${pid}/fd/${fd}`
      return directoryOf(link, spoolDir) !== undefined &&
        targetOf(link)?.replace(/ \(deleted\)$/, '').endsWith(`/${LOG}`)
    })
    if (isOurs && killOne(Number(pid))) killed++
  }
  return killed
}

function killOne(pid: number): boolean {
  try {
    return kill(pid, 'SIGKILL')
  } catch (cause) {
    return ignoreGone(cause, false)
  }
}

/** Whether the leader of the process's group (proc(5), stat field 5) lives; every worker leads one of its own. */
function hasLeader(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]
    return existsSync(`/proc/${group}`)
  } catch (cause) {
    return ignoreGone(cause, true)
  }
}

function processIds(): string[] {
  return names('/proc').filter((name) => /^[0-9]+$/.test(name))
}

/** The directory below `spoolDir` that a link of /proc leads into. */
function directoryOf(link: string, spoolDir: string): string | undefined {
  const below = spoolDir + sep
  const target = targetOf(link)
  if (!target?.startsWith(below)) return undefined
  const [name = ''] = target.slice(below.length).split(sep, 1)
  return join(spoolDir, name)
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    return ignoreGone(cause, [])
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch (cause) {
    return ignoreGone(cause, undefined)
  }
}

/** Processes end while they are looked at, and those of other users cannot be: neither works on our tasks. */
function ignoreGone<Value>(cause: unknown, instead: Value): Value {
  if (cause instanceof Error && 'code' in cause && /^(ENOENT|ESRCH|EACCES|EPERM)$/.test(String(cause.code))) {
    return instead
  }
  throw cause
}
