/**
 * Where stacks begin: functions that nothing calls, behind which a stack may end in any way. Pure. Owns their names, in the
 * C libraries and run-time systems whose threads reach a core.
 */
import type { PlainFrame } from '../gdb/answers.ts'

/**
 * glibc and its dynamic loader, on all architectures; musl; bionic; Go. `thread_start` is a label in clone() of some, and
 * `__start_context` what makecontext() puts behind a function.
 */
const OUTERMOST = new RegExp(
  `^(${
    [
      ...['__?start', '_dl_start(_user)?', '(__libc_start_main|__libc_start_call_main|generic_start_main)([.@].*)?'],
      ...['__?clone3?', 'clone3?', '__clone_internal', 'start_thread', '(__)?thread_start', '__start_context'],
      ...['_start_c', '_dlstart(_c)?', 'start(_c11)?'],
      ...['__start_thread', '__pthread_start\\(void\\*\\)', '__bionic_clone'],
      ...['runtime\\.(goexit|rt0_go|mstart|mcall)(\\.abi0)?', '_rt0_[a-z0-9_]+'],
    ].join('|')
  })$`,
)
/** Where gdb ends a stack by itself, since what is behind it is the same in every program. */
const MAIN = /^(main|D main|MAIN__|[\w.]+::main)$/

type Named = Pick<PlainFrame, 'function'>

export function isOutermost({ function: name }: Named): boolean {
  return name !== undefined && OUTERMOST.test(name)
}

/**
 * Whether the last frame is where a stack begins. What has started a thread may be without a name: on armhf it is, for plain
 * gdb with all debuginfo, too.
 */
export function beginsThere(frames: readonly Named[]): boolean {
  const [last, before] = [frames.at(-1), frames.at(-2)]
  if (last === undefined) return false
  return isOutermost(last) || (last.function === undefined && before !== undefined && isOutermost(before))
}

/** Whether gdb ends stacks at that frame. */
export function isMain({ function: name }: Named): boolean {
  return name !== undefined && MAIN.test(name)
}
