/**
 * What a debugger sees and may do behind the wall (src/process/wall.ts): its own files, the core, the kept files of the
 * task under the names that gdb looks for. Pure: values in, values out. Nothing is visible that the plan does not name.
 * Facts and figures behind each: docs/facts.md, 'Sandbox'.
 */
import type { Bind, Link, Sandbox } from '../../../src/process/wall.ts'
import { MERGED } from './links.ts'
import { MIB } from '../../../src/units/bytes.ts'

export interface SandboxPlan {
  /** What the debugger itself needs: its program, libraries, data. */
  readonly debugger: { readonly binds: readonly Bind[]; readonly links: readonly Link[] }
  /** The core, the package folders below /store, and folders of the installation. */
  readonly binds: readonly Bind[]
  /** The task's names, below /sysroot and /dbg; at most MAX_LINKS. */
  readonly links: readonly Link[]
}

/** Where things are inside the sandbox. */
export const INSIDE = {
  core: '/core',
  sysroot: '/sysroot',
  debug: '/dbg',
  store: '/store',
  scripts: '/scripts',
  index: '/index',
}

/** The wall takes 9000 arguments; this many links of three each leave room for the rest. */
export const MAX_LINKS = 2_800

/** Threads count too: gdb has some for reading symbols, and for a moment as many as there are processors (gdb/arguments.ts). */
export const MAX_PROCESSES = 256

const TMPFS_BYTES = 64 * MIB

export interface DebuggerLimits {
  /** RETRACE_TASK_MEMORY_MB: resident memory, which is watched; the address space is only the outer fence. */
  readonly memoryMb: number
  /** Seconds of processor time. */
  readonly seconds: number
}

/** `words`: the debugger's own command, as it is called inside. */
export function debuggerSandbox(
  plan: SandboxPlan,
  { memoryMb, seconds }: DebuggerLimits,
  words: readonly [string, ...string[]],
): Sandbox {
  return {
    name: 'debugger',
    runs: ['gdb', 'gdb-multiarch', 'qemu-user'],
    words,
    limits: {
      addressSpace: Math.max(8192, memoryMb + 4096) * MIB,
      cpuS: Math.max(1, Math.ceil(seconds)),
      fileBytes: TMPFS_BYTES,
      openFiles: 1024,
      processes: MAX_PROCESSES,
    },
    binds: [...plan.debugger.binds, ...plan.binds],
    links: [...plan.debugger.links, ...plan.links],
    devices: ['/dev/null', '/dev/zero', '/dev/urandom'],
    tmpBytes: TMPFS_BYTES,
    environment: { PYTHONNOUSERSITE: '1', PYTHONDONTWRITEBYTECODE: '1' },
    folder: '/tmp',
  }
}

/** The merged directories of a root at `root` ('' for the sandbox's own): `/sysroot/lib -> usr/lib`. */
export function mergedLinks(root: string, names: readonly string[] = MERGED): Link[] {
  return names.map((name) => ({ path: `${root}/${name}`, target: `usr/${name}` }))
}
