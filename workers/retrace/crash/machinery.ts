/**
 * Where a process gives up: the functions of libraries that raise a signal, abort, or throw on behalf of their caller.
 * Pure. Owns what of a stack is how a process ended, and not why; refuses to look behind a signal handler.
 */
import type { ReportFrame } from '../report/frames.ts'
import { plainFunction, plainModule } from './names.ts'

type Frame = Pick<ReportFrame, 'function' | 'module' | 'kind'>

const C_LIBRARY =
  /^(libc|libpthread|ld-musl.*|libc\.musl.*|ld-linux.*|ld64|ld|libasan|libubsan)\.so$|^linux-vdso|^linux-gate/
/** Functions by how their names begin, whatever module they are in: a program can be linked statically. */
const MACHINERY = new RegExp(
  '^(?:' + [
    ...['_*(?:GI_)?raise', 'gsignal', 'abort', '_*pthread_kill\\w*', 'tgkill', '__restore_rt', '__kernel_vsyscall'],
    ...['__assert_\\w+', '__assert', '__libc_message\\w*', 'malloc_printerr\\w*', '__fortify_fail\\w*', '__libc_fatal'],
    ...['__stack_chk_fail\\w*', '___?\\w+_chk', '__chk_fail', '__malloc_assert', '__libc_assert_fail'],
    ...['__gnu_cxx::__verbose_terminate_handler', '__cxxabiv1::\\S+', '__cxa_(?:re)?throw', '__cxa_pure_virtual'],
    ...['__verbose_terminate_handler', 'std::terminate', 'std::__throw_\\w+', 'std::__glibcxx_assert_fail'],
    ...[
      'std::__replacement_assert',
      '__glibcxx_assert_fail',
      'g_assertion_message\\w*',
      '_?g_log\\w*',
      'g_on_error\\w*',
    ],
    ...['g_logv?', 'g_error', 'g_return_if_fail_warning', 'rust_panic\\w*', '__rust_start_panic', 'rust_begin_unwind'],
    ...['panic_abort::\\S+', '(?:std|core|alloc)::panicking::\\S+', 'std::process::abort', 'std::sys::\\S*abort\\w*'],
    ...['(?:core|alloc)::(?:result|option|slice|alloc)::\\S*(?:failed|_fail|_error|handle_alloc_error)\\S*'],
    ...[
      'qt_message_fatal',
      'QMessageLogger::fatal',
      'qFatal',
      'qt_assert\\w*',
      'Py_FatalError\\w*',
      '_Py_FatalError\\w*',
      // Handlers of a fault that write a report: the fault is behind the frame of the signal.
      ...['os::abort', 'VMError::\\S+', 'JVM_handle_linux_signal', 'KCrash::defaultCrashHandler', 'SalAbort'],
      ...['nsProfileLock::FatalSignalHandler', 'fatal_error_signal', 'terminate_due_to_signal', 'Application::Abort'],
    ],
  ].join('|') + ')$',
)
/** Frames that are looked at: machinery is short. */
const MAX_FRAMES = 40

/** Whether a frame is in the C library or its loader. */
export function isOfCLibrary({ module }: Pick<Frame, 'module'>): boolean {
  return module !== undefined && C_LIBRARY.test(plainModule(module.module.path))
}

/** Whether the function ends the process on behalf of its caller. */
export function isMachinery(frame: Frame): boolean {
  return frame.function !== undefined && MACHINERY.test(plainFunction(frame.function))
}

/** How many of the newest frames end the process; 0 where it did not end itself. */
export function machineryOf(frames: readonly Frame[]): number {
  const first = frames.slice(0, MAX_FRAMES)
  const handler = first.findIndex(({ kind }) => kind === 'signal-handler')
  const last = first.slice(0, handler < 0 ? undefined : handler).findLastIndex(isMachinery)
  if (last < 0) return 0
  // What raises a signal may be nameless in a C library without debuginfo; a frame of anybody else is theirs.
  const isHow = (frame: Frame) => isMachinery(frame) || isOfCLibrary(frame) || frame.function === undefined
  const other = first.slice(0, last).findIndex((frame) => !isHow(frame))
  const end = other < 0 ? last + 1 : first.slice(0, other).findLastIndex(isMachinery) + 1
  // What of the C library found a reason to: free(), memcpy().
  if (end === 0) return 0
  const own = first.slice(end).findIndex((frame) => !isOfCLibrary(frame))
  return own < 0 ? first.length : end + own
}

/** The first frame that is neither of the C library nor of what ended the process: where somebody's own code was. */
export function firstOwn<Each extends Frame>(frames: readonly Each[]): Each | undefined {
  return frames.slice(machineryOf(frames)).find((frame) =>
    frame.kind !== 'signal-handler' && !isOfCLibrary(frame) && !isMachinery(frame)
  )
}
