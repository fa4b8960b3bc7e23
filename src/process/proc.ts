/**
 * What the kernel says about processes: the only reader of /proc (proc(5)), and the only writer. A process can end while
 * it is looked at; then the answer is that there is nothing. All reads are synchronous; they never touch a disk.
 */
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  type StatsFs,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { geteuid, pid as thisPid } from 'node:process'
import { errnoOf } from '../errors/errno.ts'

/** Of fcntl.h, alike on all architectures that Linux has but alpha, parisc and sparc. */
const O_CLOEXEC = 0o2000000

/** Of linux/sched.h: it is on its way out, and runs no code of its own any more. */
const PF_EXITING = 0x4
/** Of the set of signals that wait: SIGKILL, which nobody can refuse. */
const SIGKILL_BIT = 1 << 8

/** Fields of /proc/PID/stat. */
export interface Stat {
  readonly parent: number
  readonly group: number
  /** Clock ticks from boot to its start: with its number, a name that is never given twice until the next boot. */
  readonly started: string
  /** It is one in name only: ended and not reaped yet, ending, or killed and still to hear of it. */
  readonly isDead: boolean
}

/** Undefined for a process that does not live, and without /proc. */
export function statOf(pid: number): Stat | undefined {
  return parseStat(procText(`${pid}/stat`))
}

/** The second field, the name, may hold spaces and parentheses: what counts begins behind its last one. */
export function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // Counted from 1, as proc(5) does it, behind the number and the name.
  const field = (number: number) => fields[number - 3]
  const started = field(22)
  if (started === undefined) return undefined
  const isDead = /^[ZXx]$/.test(field(3) ?? '') || hasBit(field(9), PF_EXITING) || hasBit(field(31), SIGKILL_BIT)
  return { parent: Number(field(4)), group: Number(field(5)), started, isDead }
}

/** Of a number below 2^32 in decimal. */
function hasBit(text: string | undefined, bit: number): boolean {
  return Math.floor(Number(text ?? 0) / bit) % 2 === 1
}

/** Clock ticks of a second, for user space, on all architectures that Linux has but alpha and ia64 (sysconf(3), _SC_CLK_TCK). */
const TICKS = 100

/** Seconds of processor time that a process has taken, without its children's; 0 once it has ended. */
export function processorSeconds(pid: number): number {
  const text = procText(`${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // utime and stime, fields 14 and 15.
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS
}

/** A field of /proc/PID/status or /proc/meminfo that the kernel gives in kB, whatever the size of its pages. */
export function kilobytes(text: string, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+([0-9]+) kB$`, 'm').exec(text)
  return match === null ? undefined : Number(match[1])
}

/** Numbers of all processes. A walk over all of them costs milliseconds: not for the path of a request. */
export function processIds(): number[] {
  return names('').filter((name) => /^[0-9]+$/.test(name)).map(Number)
}

/** The running children of a process, of all its threads. Needs CONFIG_PROC_CHILDREN. */
export function childrenOf(pid: number): number[] {
  return names(`${pid}/task`).flatMap((thread) =>
    procText(`${pid}/task/${thread}/children`).split(' ').filter((child) => child !== '').map(Number)
  )
}

/** What a process has open: path or kind by descriptor. */
export function openFiles(pid: number): Map<number, string> {
  const found = names(`${pid}/fd`).map((name) => [Number(name), linkText(`${pid}/fd/${name}`)] as const)
  return new Map(found.flatMap(([number, target]) => (target === undefined ? [] : [[number, target]])))
}

/** The descriptors of this process that the programs it starts would have, too: those without O_CLOEXEC. */
export function inheritable(): number[] {
  return names('self/fdinfo').filter((name) => {
    const flags = /^flags:\s+([0-7]+)$/m.exec(procText(`self/fdinfo/${name}`))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0
  }).map(Number)
}

/** Processes that hold a lock of fcntl(2) for writing on the file with this number. */
export function lockHolders(inode: number): number[] {
  return procText('locks').split('\n').flatMap((line) => {
    // Number, kind, way, access, process, DEVICE:DEVICE:INODE, from, to.
    const [, kind, , access, pid, file] = line.trim().split(/\s+/)
    return kind === 'POSIX' && access === 'WRITE' && file?.split(':').at(-1) === String(inode) ? [Number(pid)] : []
  })
}

/** What the kernel writes behind the path of an open file that has no name any more (proc(5), /proc/PID/fd). */
const DELETED = ' (deleted)'

/**
 * The process that holds a lock on a file of this path (absolute) which was deleted since; undefined: nobody, or a process whose
 * files may not be looked at. Folders are compared by their numbers: it can know them by another name. In a namespace of its own any
 * process can mount a folder where it likes, so that only those count who may have the lock: ours, root's, and the folder's owner's.
 */
export function deletedLockHolder(path: string): number | undefined {
  const folder = identityOf(dirname(path))
  if (folder === undefined) return undefined
  const users = [geteuid?.(), 0, statSync(dirname(path), { throwIfNoEntry: false })?.uid]
  const end = `/${basename(path)}${DELETED}`
  const holders = procText('locks').split('\n').flatMap((line) => {
    const [, kind, , access, pid] = line.trim().split(/\s+/)
    return kind === 'POSIX' && access === 'WRITE' && Number(pid) > 0 ? [Number(pid)] : []
  })
  return [...new Set(holders)].find((pid) =>
    users.includes(realUserOf(pid)) &&
    [...openFiles(pid).values()].some((target) =>
      target.endsWith(end) && folderThere(pid, dirname(target.slice(0, -DELETED.length))) === folder
    )
  )
}

/**
 * The folder of this path as a process sees it. What the kernel calls an open file has no link in it: where one stands now, it was
 * put there later, and could lead anywhere in our own tree.
 */
function folderThere(pid: number, path: string): string | undefined {
  const names = path.split('/').slice(1)
  const isLink = (at: number) =>
    lstatSync(`/proc/${pid}/root/${names.slice(0, at).join('/')}`, { throwIfNoEntry: false })?.isSymbolicLink() === true
  try {
    if (names.some((_, at) => isLink(at + 1))) return undefined
  } catch {
    return undefined
  }
  return identityOf(`/proc/${pid}/root${path}`)
}

/** Whose process it is. Not of the folder in /proc, which is root's where a process lets nobody look; not whom a setuid program acts as. */
function realUserOf(pid: number): number | undefined {
  const found = /^Uid:\s+([0-9]+)/m.exec(procText(`${pid}/status`))?.[1]
  return found === undefined ? undefined : Number(found)
}

/**
 * Where this process has a file open that has these numbers (`dev:ino`) now: looking there opens nothing, and closing what was opened
 * would drop all its locks on the file. Undefined: nowhere.
 */
export function whereOpen(identity: string): string | undefined {
  const paths = [...openFiles(thisPid).keys()].map((number) => `/proc/self/fd/${number}`)
  return paths.find((path) => identityOf(path) === identity)
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** TCP_LISTEN of net/tcp_states.h, as the tables write it. */
const LISTENING = '0A'

/** Whether a process has a socket that listens on this port of TCP; undefined: its files may not be looked at. */
export function listensOn(pid: number, port: number): boolean | undefined {
  const files = [...openFiles(pid).values()]
  if (files.length === 0) return undefined
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].flatMap((table) => procText(`${pid}/net/${table}`).split('\n')).some((line) => {
    const fields = line.trim().split(/\s+/)
    return fields[1]?.endsWith(end) === true && fields[3] === LISTENING && files.includes(`socket:[${fields[9]}]`)
  })
}

/** The number of the thread that asks, as the kernel knows it: what is set by it is set for this thread alone. Undefined without /proc. */
export function ownThread(): number | undefined {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return undefined
  }
}

/** The group of the scheduler that the session of a process is, and its niceness; undefined where there are none. */
export function autogroupOf(pid: number): { readonly name: string; readonly niceness: number } | undefined {
  const [, name, niceness] = /^(\S+) nice (-?\d+)$/m.exec(procText(`${pid}/autogroup`)) ?? []
  return name === undefined ? undefined : { name, niceness: Number(niceness) }
}

/** Sets that niceness; false where the kernel does not let this process do so, or not now. */
export function setAutogroup(pid: number, niceness: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness), { flag: 'r+' })
    return true
  } catch {
    return false
  }
}

/** The working directory of a process. */
export function workingDirectory(pid: number): string | undefined {
  return linkText(`${pid}/cwd`)
}

/** What statfs(2) says of a folder as a process sees it. */
export function fileSystemOf(pid: number, folder: string): StatsFs | undefined {
  return unlessGone(() => statfsSync(`/proc/${pid}/root${folder}`), undefined)
}

/** A text of /proc, '' when it is not there any more. */
export function procText(path: string): string {
  return unlessGone(() => readFileSync(`/proc/${path}`, 'latin1'), '')
}

function linkText(path: string): string | undefined {
  return unlessGone(() => readlinkSync(`/proc/${path}`), undefined)
}

function names(folder: string): string[] {
  return unlessGone(() => readdirSync(`/proc/${folder}`), [])
}

/** A process can end while it is looked at, and those of other users may not be looked at. */
function unlessGone<Value>(look: () => Value, instead: Value): Value {
  try {
    return look()
  } catch (cause) {
    if (/^(ENOENT|ESRCH|EACCES|EPERM)$/.test(errnoOf(cause) ?? '')) return instead
    throw cause
  }
}

/** What the kernel does with cores: a pattern for their names, or behind `|` a program; undefined where nobody says. */
export function corePattern(): string | undefined {
  return procText('sys/kernel/core_pattern').trim() || undefined
}
