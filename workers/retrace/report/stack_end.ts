/**
 * Where stacks begin: functions that nothing calls, behind which a stack may end in any way. Pure. Owns their names, in the
 * C libraries and run-time systems whose threads reach a core.
 */
import { type Core, type CoreModule, moduleAt } from '../../../src/elf/core.ts'
import type { PlainFrame } from '../gdb/answers.ts'

/** glibc and its dynamic loader; musl; bionic; Go: names that no program has for its own. */
const RESERVED = anyOf([
  ...['__?start', '_dl_start(_user)?', '(__libc_start_main|__libc_start_call_main)([.@].*)?'],
  ...['__clone3?', '__clone_internal', '__thread_start', '__start_context', '_start_c', '_dlstart(_c)?'],
  ...['__start_thread', '__pthread_start\\(void\\*\\)', '__bionic_clone'],
  ...['runtime\\.(goexit|rt0_go|mstart|mcall)(\\.abi0)?', '_rt0_[a-z0-9_]+'],
])
/**
 * Names that programs have, too, so that they count in the C library alone. `thread_start` is a label in clone() of some
 * architectures, `start` where a thread of musl begins.
 */
const ORDINARY = anyOf(['clone3?', 'start_thread', 'thread_start', 'start(_c11)?', 'generic_start_main([.@].*)?'])
/** With the threads' library of older ones, and the loader, which is musl's C library. */
const C_LIBRARY = /\/(lib(uClibc|c|pthread)[.-]|ld[.-]|ld64\.)[^/]*$/

function anyOf(names: readonly string[]): RegExp {
  return new RegExp(`^(${names.join('|')})$`)
}

/** Where gdb ends a stack by itself, since what is behind it is the same in every program. */
const MAIN = /^(main|D main|MAIN__|[\w.]+::main)$/

type Named = Pick<PlainFrame, 'function' | 'pc'>
type Modules = Pick<Core, 'modules'>

/** A program without a C library beside it has that in itself. */
export function isOutermost({ function: name, pc }: Named, { modules }: Modules): boolean {
  if (name === undefined) return false
  if (RESERVED.test(name)) return true
  if (!ORDINARY.test(name)) return false
  const module = moduleAt(modules, pc)
  return module !== undefined && (isOfCLibrary(module) || !modules.some(isOfCLibrary))
}

function isOfCLibrary({ path, linkName }: CoreModule): boolean {
  return C_LIBRARY.test(path) || (linkName !== undefined && C_LIBRARY.test(linkName))
}

/**
 * Whether the last frame is where a stack begins. What has started a thread may be without a name: on armhf it is, for plain
 * gdb with all debuginfo, too.
 */
export function beginsThere(frames: readonly Named[], core: Modules): boolean {
  const [last, before] = [frames.at(-1), frames.at(-2)]
  if (last === undefined) return false
  return isOutermost(last, core) || (last.function === undefined && before !== undefined && isOutermost(before, core))
}

/** Whether gdb ends stacks at that frame. */
export function isMain({ function: name }: Pick<Named, 'function'>): boolean {
  return name !== undefined && MAIN.test(name)
}
