/**
 * RETRACE_TASK_MEMORY_MB by the kernel: a control group for each run of a debugger, where this process may make one (v1
 * memory and pids as root, a delegated v2 tree). Groups that a killed worker left are removed, too. Nothing here fails
 * a task: without a group, memory is watched through /proc (gdb/session.ts). Sources: cgroups(7),
 * Documentation/admin-guide/cgroup-v{1/memory,2}.rst of Linux.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pid as ownPid } from 'node:process'
import { startOf } from '../../../src/process/identity.ts'
import { procText } from '../../../src/process/proc.ts'
import { MIB } from '../../../src/units/bytes.ts'

/** Where groups can be made. */
export interface CgroupHome {
  readonly version: 1 | 2
  /** Folders of the hierarchies: of v1 that of memory and, where there is one, of pids. */
  readonly folders: readonly string[]
}

export interface CgroupLimits {
  readonly memoryMb: number
  readonly processes: number
}

/** Of processor time, where others of the tree have 100: twenty debuggers shall not outweigh the server. v2 with cpu only. */
const CPU_WEIGHT = '10'
const NAME = /^abrt-retrace-(\d+)-\d+$/
const REMOVE_TRIES = 500
const REMOVE_PAUSE_MS = 2

let count = 0

/** From /proc/self/mounts and /proc/self/cgroup; undefined where no group with a memory limit could be made. */
export function findCgroups(
  mounts: string = procText('self/mounts'),
  own: string = procText('self/cgroup'),
): CgroupHome | undefined {
  const memory = folderV1(mounts, own, 'memory')
  const pids = folderV1(mounts, own, 'pids')
  if (memory !== undefined) return { version: 1, folders: pids === undefined ? [memory] : [memory, pids] }
  const unified = folderV2(mounts, own)
  return unified === undefined ? undefined : { version: 2, folders: [unified] }
}

/** As findCgroups(), where a group was made with these limits and removed again: what is found need not be ours to use. */
export function usableCgroups(
  limits: CgroupLimits,
  found: CgroupHome | undefined = findCgroups(),
): CgroupHome | undefined {
  const trial = found && makeCgroup(found, limits)
  trial?.removeNow()
  return trial === undefined ? undefined : found
}

/** A group with these limits; undefined when it cannot be made, or the kernel refuses a limit. */
export function makeCgroup(home: CgroupHome, limits: CgroupLimits): Cgroup | undefined {
  const name = `abrt-retrace-${ownPid}-${++count}`
  for (const folder of home.folders) removeOrphans(folder)
  const group = new Cgroup(home.version, home.folders.map((folder) => join(folder, name)))
  if (group.make(limits)) return group
  group.removeNow()
  return undefined
}

export class Cgroup {
  readonly version: 1 | 2
  readonly #folders: readonly string[]

  constructor(version: 1 | 2, folders: readonly string[]) {
    this.version = version
    this.#folders = folders
  }

  make({ memoryMb, processes }: CgroupLimits): boolean {
    const bytes = String(memoryMb * MIB)
    const [memory = '', pids = memory] = this.#folders
    try {
      for (const folder of this.#folders) mkdirSync(folder)
    } catch {
      return false // not ours to write, or full
    }
    // Swapped out is resident no more, but held all the same.
    if (this.version === 2) write(join(memory, 'memory.swap.max'), '0')
    const isLimited = write(join(memory, this.version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), bytes)
    if (this.version === 1) write(join(memory, 'memory.memsw.limit_in_bytes'), bytes)
    write(join(pids, 'pids.max'), String(processes))
    if (this.version === 2) write(join(memory, 'cpu.weight'), CPU_WEIGHT)
    return isLimited
  }

  /** Moves a process, whose children then start in the group; false when it cannot. */
  add(pid: number): boolean {
    return this.#folders.map((folder) => write(join(folder, 'cgroup.procs'), String(pid)))[0] ?? false
  }

  /** Whether the kernel ended a process of the group for its memory. */
  get wasKilled(): boolean {
    const [memory = ''] = this.#folders
    const text = read(join(memory, this.version === 1 ? 'memory.oom_control' : 'memory.events'))
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0
  }

  /** Once its processes have ended, which the kernel may take a moment to see. */
  async remove(): Promise<void> {
    for (let tries = 0; tries < REMOVE_TRIES && !this.removeNow(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, REMOVE_PAUSE_MS))
    }
  }

  /** False when processes are still in it. */
  removeNow(): boolean {
    return this.#folders.map(removed).every((each) => each)
  }
}

/** Groups of workers that are no more. */
function removeOrphans(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const owner = NAME.exec(name)?.[1]
      if (owner !== undefined && startOf(Number(owner)) === undefined) removed(join(folder, name))
    }
  } catch {
    // cannot be listed: nothing can be made here either
  }
}

/** This process's group in a hierarchy of v1, by whose limits a new one below it is held too. */
function folderV1(mounts: string, own: string, controller: string): string | undefined {
  const place = mounts.split('\n').map((line) => line.split(' '))
    .find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller))?.[1]
  const path = own.split('\n').map((line) => line.split(':'))
    .find(([, controllers]) => controllers?.split(',').includes(controller))?.[2]
  if (place === undefined || path === undefined) return undefined
  // In a container the path is often that of the host, and the mount begins at this process's group.
  return [join(place, path), place].find((folder) => existsSync(join(folder, 'cgroup.procs')))
}

/** A group of v2 that hands memory to its children: this process's own, or the one above, when that was delegated. */
function folderV2(mounts: string, own: string): string | undefined {
  const place = mounts.split('\n').map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1]
  const path = /^0::(.*)$/m.exec(own)?.[1]
  if (place === undefined || path === undefined) return undefined
  const folder = join(place, path)
  return [folder, dirname(folder)].filter((each) => each.startsWith(place))
    .find((each) => read(join(each, 'cgroup.subtree_control')).trim().split(' ').includes('memory'))
}

function write(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'r+' })
    return true
  } catch {
    return false
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}
