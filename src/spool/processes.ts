/**
 * Which processes work in which task directory: the worker has its log open there from its first instruction to its
 * last, and so has all that it starts. Asked of the kernel, so that it holds for a worker started by hand, too, and
 * ends with the process, however it does.
 */
import { join, sep } from 'node:path'
import { pid as self } from 'node:process'
import { openFiles, processIds, statOf, workingDirectory } from '../process/proc.ts'
import { endProcess } from '../process/signals.ts'
import type { TaskFile } from '../task/files.ts'

const LOG: TaskFile = 'worker.log'

/**
 * Directories directly below `spoolDir` in which a process works: it has a file open there, or it is its working
 * directory. A synchronous walk over all of /proc, for clean-ups.
 */
export function busyDirectories(spoolDir: string): Set<string> {
  const busy = new Set<string>()
  for (const pid of processIds()) {
    for (const path of [workingDirectory(pid), ...openFiles(pid).values()]) {
      const directory = directoryOf(path, spoolDir)
      if (directory !== undefined) busy.add(directory)
    }
  }
  return busy
}

/**
 * Kills what workers left behind that died with their server: processes whose output goes into a task's log and whose
 * process group has lost its leader, the worker. Returns how many there were. `leaders`: workers that live, too. Who has the spool's
 * lock knows that their server has died: not with them, where a policy of the machine makes the kernel forget PR_SET_PDEATHSIG
 * (docs/policies.md).
 */
export function killOrphans(spoolDir: string, { leaders }: { leaders: boolean }): number {
  const isOurs = (pid: number) => pid !== self && (leaders || !hasLeader(pid)) && writesLog(pid, spoolDir)
  return processIds().filter((pid) => isOurs(pid) && endProcess(pid)).length
}

/** Whether the leader of the process's group lives; every worker leads one of its own. */
function hasLeader(pid: number): boolean {
  const stat = statOf(pid)
  return stat === undefined || statOf(stat.group)?.isDead === false
}

function writesLog(pid: number, spoolDir: string): boolean {
  const files = openFiles(pid)
  return [1, 2].some((descriptor) => {
    const path = files.get(descriptor)
    return directoryOf(path, spoolDir) !== undefined && path?.replace(/ \(deleted\)$/, '').endsWith(`/${LOG}`)
  })
}

/** The directory below `spoolDir` that a path leads into. */
function directoryOf(path: string | undefined, spoolDir: string): string | undefined {
  const below = spoolDir + sep
  if (!path?.startsWith(below)) return undefined
  const [name = ''] = path.slice(below.length).split(sep, 1)
  return join(spoolDir, name)
}
