/**
 * Starts a debugger inside the sandbox, in a process group of its own. Owns the file descriptors and the end of the
 * whole group; refuses a shell, an environment and anything inherited but the pipes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { arch, kill } from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { bwrapArguments, type Limits, sandboxCommand, type SandboxPlan } from './arguments.ts'
import type { Cgroup } from './cgroup.ts'
import { seccompFilter } from '../../../src/process/seccomp.ts'

export interface Sandboxed {
  readonly child: ChildProcess
  readonly input: Writable
  readonly output: Readable
  readonly errors: Readable
  /** What the program writes to its file descriptor 3. */
  readonly channel: Readable
  /** The control group that holds its memory; undefined: somebody has to watch it. */
  readonly group: Cgroup | undefined
}

const CHANNEL = 3
const ARGUMENTS = 4
const FILTER = 5

/**
 * Starts it in `group`, where there is one: the process is moved before bwrap has its arguments, so that all of it runs
 * inside. Throws what spawn throws when bwrap or prlimit cannot be started at all: listen to `child`'s 'error'. */
export function launch(
  plan: SandboxPlan,
  limits: Limits,
  command: readonly string[],
  group?: Cgroup,
): Sandboxed {
  const [program = '', ...args] = sandboxCommand(limits, { args: ARGUMENTS, seccomp: FILTER }, command)
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    cwd: '/',
  })
  const pipe = (index: number) => child.stdio[index] as Readable & Writable
  for (const index of [0, 1, 2, CHANNEL, ARGUMENTS, FILTER]) {
    pipe(index).on('error', () => undefined) // EPIPE when the program ends early: its exit says more
  }
  const isHeld = child.pid !== undefined && group?.add(child.pid) === true
  pipe(ARGUMENTS).end(bwrapArguments(plan).map((argument) => `${argument}\0`).join(''))
  pipe(FILTER).end(seccompFilter(arch))
  return {
    child,
    input: pipe(0),
    output: pipe(1),
    errors: pipe(2),
    channel: pipe(CHANNEL),
    group: isHeld ? group : undefined,
  }
}

/** Kills bwrap, and with it (--die-with-parent, its pid namespace) everything inside. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    kill(-child.pid, 'SIGKILL')
  } catch {
    // the group has ended by itself
  }
}
