/**
 * The command line of the sandbox: which limits, which namespaces, what is visible inside and where. Pure: values in,
 * values out. Owns the wall of docs/architecture.md, rule 4; refuses to bind anything that the plan does not name.
 * Facts and figures behind each argument: docs/facts.md, 'Sandbox'.
 */
import { type Link, MERGED } from './links.ts'

/** A file or folder of the host, and where it is inside. Always read-only. */
export interface Bind {
  readonly from: string
  readonly at: string
}

export interface SandboxPlan {
  /** What the debugger itself needs: its program, libraries, data. */
  readonly debugger: { readonly binds: readonly Bind[]; readonly links: readonly Link[] }
  /** The core, the package folders below /store, and folders of the installation. */
  readonly binds: readonly Bind[]
  /** The task's names, below /sysroot and /dbg. */
  readonly links: readonly Link[]
}

/** Where things are inside the sandbox. */
export const INSIDE = { core: '/core', sysroot: '/sysroot', debug: '/dbg', store: '/store', scripts: '/scripts' }

/** bwrap 0.8 takes 9000 arguments; this many links of three each leave room for the rest. */
export const MAX_LINKS = 2_800

const MB = 1_048_576
const TMPFS_BYTES = 64 * MB
const DEVICES = ['/dev/null', '/dev/zero', '/dev/urandom']

/**
 * The arguments for `bwrap --args FD`, without their NULs. Throws RangeError for more links than bwrap takes: make a
 * folder of links and bind that.
 */
export function bwrapArguments(plan: SandboxPlan): string[] {
  if (plan.links.length > MAX_LINKS) {
    throw new RangeError(`Expected at most ${MAX_LINKS} links, got ${plan.links.length}; bind a folder that holds them`)
  }
  return [
    ...['--unshare-all', '--unshare-user', '--uid', '65534', '--gid', '65534', '--hostname', 'retrace'],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--disable-userns'],
    ...['--clearenv', '--setenv', 'PATH', '/usr/bin', '--setenv', 'LC_ALL', 'C.UTF-8', '--setenv', 'HOME', '/tmp'],
    ...['--setenv', 'PYTHONNOUSERSITE', '1', '--setenv', 'PYTHONDONTWRITEBYTECODE', '1'],
    ...plan.debugger.binds.flatMap(roBind),
    ...plan.debugger.links.flatMap(symlink),
    ...DEVICES.flatMap((device) => ['--dev-bind', device, device]),
    ...['--size', String(TMPFS_BYTES), '--tmpfs', '/tmp'],
    ...plan.binds.flatMap(roBind),
    ...plan.links.flatMap(symlink),
    ...['--remount-ro', '/', '--chdir', '/tmp'],
  ]
}

/** The merged directories of a root at `root` ('' for the sandbox's own): `/sysroot/lib -> usr/lib`. */
export function mergedLinks(root: string, names: readonly string[] = MERGED): Link[] {
  return names.map((name) => ({ path: `${root}/${name}`, target: `usr/${name}` }))
}

export interface Limits {
  /** RETRACE_TASK_MEMORY_MB: resident memory, which is watched; the address space is only the outer fence. */
  readonly memoryMb: number
  /** Seconds of processor time. */
  readonly seconds: number
}

/** The whole command: prlimit, bwrap, and inside it the debugger. `fds`: where bwrap finds its arguments and filter. */
export function sandboxCommand(
  limits: Limits,
  fds: { readonly args: number; readonly seccomp: number },
  command: readonly string[],
): string[] {
  const addressSpace = Math.max(8192, limits.memoryMb + 4096) * MB
  const seconds = Math.max(1, Math.ceil(limits.seconds))
  return [
    'prlimit',
    `--as=${addressSpace}`,
    `--cpu=${seconds}:${seconds + 5}`,
    '--fsize=67108864',
    '--nofile=1024',
    '--core=0',
    'bwrap',
    '--args',
    String(fds.args),
    '--seccomp',
    String(fds.seccomp),
    ...command,
  ]
}

function roBind({ from, at }: Bind): string[] {
  return ['--ro-bind', from, at]
}

function symlink({ path, target }: Link): string[] {
  return ['--symlink', target, path]
}
