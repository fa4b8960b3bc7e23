/**
 * Which task directories a process works in: the worker has its log open there from its first instruction to its last,
 * and so has all that it starts. Asked of the kernel (proc(5)), so that it holds for a worker started by hand, too, and
 * ends with the process, however it does.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Directories directly below `spoolDir` in which a process has a file open or that it has as working directory. */
export function busyDirectories(spoolDir: string): Set<string> {
  const busy = new Set<string>()
  const below = spoolDir + sep
  for (const pid of names('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    const descriptors = names(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`)
    for (const link of [`/proc/${pid}/cwd`, ...descriptors]) {
      const target = targetOf(link)
      if (!target?.startsWith(below)) continue
      const [name = ''] = target.slice(below.length).split(sep, 1)
      busy.add(join(spoolDir, name))
    }
  }
  return busy
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
