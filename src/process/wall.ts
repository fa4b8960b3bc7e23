/**
 * The wall: the command line of bubblewrap around a program that reads what came from elsewhere. Here is what every
 * sandbox lacks (our namespaces, users, capabilities, an environment, a way to write, new namespaces, a terminal) and
 * its limits; what a sandbox sees and may do besides, its maker says. Pure: values in, words out. Facts and figures
 * behind each argument: docs/facts.md, 'Sandbox'.
 */
import type { InsideProgram, SandboxName } from './programs.ts'
import { INSIDE_ID } from './users.ts'

/** A file or folder of this machine, and where it is inside. */
export interface Bind {
  readonly from: string
  readonly at: string
  /** Made for this sandbox: its user owns it meanwhile, if only its owner can read it. */
  readonly isPrivate?: true
  /** No secret, and seen by many sandboxes at a time: everybody is let read it. */
  readonly isShared?: true
}

/** A symbolic link inside. */
export interface Link {
  readonly path: string
  readonly target: string
}

/** Of each process inside, but for their number. What a program may use up in all, its maker's caller watches. */
export interface Limits {
  /** Bytes of address space: the outer fence around memory. */
  readonly addressSpace: number
  /** Seconds of processor time. */
  readonly cpuS: number
  /** Bytes of a file that it writes; 0 where it writes to pipes only. */
  readonly fileBytes: number
  readonly openFiles: number
  /** Bytes that all of it holds at a time, looked at through /proc; without it somebody else sees to that, or `addressSpace`. */
  readonly memory?: number
  /**
   * With their threads, at a time, of all sandboxes of this process. 1: it starts none, so that its address space is all that
   * it can have, and no other one matters to it.
   */
  readonly processes: number
}

/** One program, or one and what it starts, and all that it can reach. */
export interface Sandbox {
  readonly name: SandboxName
  /** What runs in it: rows of the table. */
  readonly runs: readonly [InsideProgram, ...InsideProgram[]]
  /** As it is called inside. */
  readonly words: readonly [path: string, ...args: string[]]
  readonly limits: Limits
  /** Can be read. In this order, later ones over earlier ones; links after all of them. */
  readonly binds: readonly Bind[]
  readonly links?: readonly Link[]
  /** Can be written, too, and made for this sandbox: its user owns all in it meanwhile. */
  readonly writable?: readonly Bind[]
  readonly devices?: readonly string[]
  /** It may make symbolic links: only where nobody but itself can find them, in that /tmp. */
  readonly makesLinks?: true
  /** Bytes of a /tmp in memory; without it there is none. */
  readonly tmpBytes?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Where it starts; without it: the root. */
  readonly folder?: string
}

/** bwrap 0.8 takes no more, those behind the descriptor included. */
const MAX_ARGUMENTS = 9_000

const NOBODY = String(INSIDE_ID)

/** The arguments of every sandbox. Needs bubblewrap 0.8. The user namespace is there before (users.ts). */
const BASE = [
  ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup'],
  ...['--uid', NOBODY, '--gid', NOBODY],
  ...['--hostname', 'retrace', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
  ...['--clearenv', '--setenv', 'PATH', '/usr/bin', '--setenv', 'LC_ALL', 'C.UTF-8'],
]

/**
 * What bwrap reads from a descriptor (`--args`), without the NULs. Throws RangeError for more than it takes: make a
 * folder of links and bind that.
 */
export function wallArguments(sandbox: Sandbox): string[] {
  const { binds, links = [], writable = [], devices = [], tmpBytes, environment = {}, folder = '/' } = sandbox
  const found = [
    ...BASE,
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...binds.flatMap(({ from, at }) => ['--ro-bind', from, at]),
    ...links.flatMap(({ path, target }) => ['--symlink', target, path]),
    ...devices.flatMap((device) => ['--dev-bind', device, device]),
    ...(tmpBytes === undefined ? [] : ['--size', String(tmpBytes), '--tmpfs', '/tmp', '--setenv', 'HOME', '/tmp']),
    ...writable.flatMap(({ from, at }) => ['--bind', from, at]),
    // Last: until here bwrap makes files in its own root.
    ...['--remount-ro', '/', '--chdir', folder],
  ]
  if (found.length > MAX_ARGUMENTS) {
    throw new RangeError(`Expected at most ${MAX_ARGUMENTS} arguments, got ${found.length}; bind a folder of links`)
  }
  return found
}

/** The whole command. `fds`: where bwrap finds its arguments, the filter of system calls, and the user namespace. */
export function wallCommand(
  { limits, words }: Sandbox,
  fds: { readonly args: number; readonly seccomp: number; readonly users: number },
): [string, ...string[]] {
  return [
    'prlimit',
    `--as=${limits.addressSpace}`,
    `--cpu=${limits.cpuS}:${limits.cpuS + 5}`,
    `--fsize=${limits.fileBytes}`,
    `--nofile=${limits.openFiles}`,
    ...(limits.processes === 1 ? [] : [`--nproc=${limits.processes}`]),
    '--core=0',
    '--msgqueue=0',
    '--',
    'bwrap',
    ...[
      '--userns',
      String(fds.users),
      '--sync-fd',
      String(fds.users),
      '--args',
      String(fds.args),
      '--seccomp',
      String(fds.seccomp),
      '--',
    ],
    ...words,
  ]
}

/** Whether a complaint is that of a program which was to start another one behind the wall, and could not. */
export function isOfTheWall(complaint: string): boolean {
  return /^(?:prlimit|bwrap): /.test(complaint)
}
