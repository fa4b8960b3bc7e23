/**
 * Where a process gives up: the functions of libraries that raise a signal, abort, or throw on behalf of their caller.
 * Pure. Owns what of a stack is how a process ended, and not why; refuses to look behind a signal handler.
 */
import type { ReportFrame } from '../report/frames.ts'
import { isCFunction } from './c_functions.ts'
import { isByProcessor, plainFunction, plainModule } from './names.ts'

type Frame = Pick<ReportFrame, 'function' | 'module' | 'kind' | 'file'>

/** The C library, its loader, sanitizers, and what unwinds for those who throw. */
const C_LIBRARY =
  /^(libc|libpthread|ld-musl.*|libc\.musl.*|ld-linux.*|ld64|ld|lib[a-z]*san|libgcc_s|libunwind)\.so$|^linux-vdso|^linux-gate/
/** What of glibc is compiled into its callers: strcpy() that looks at sizes, in `bits/string_fortified.h`. */
const OF_ITS_HEADERS = /(?<!\/c\+\+\/[^/]+(?:\/[^/]+)?)\/bits\/[\w-]+\.h$/
/** Where the C library has its small functions, such as atoi(). */
const OF_A_HEADER = /\/include\/[\w-]+\.h$/
/** The standard libraries of C++ and Rust. */
const RUNTIME_LIBRARY = /^(libstdc\+\+|libc\+\+|libc\+\+abi|libsupc\+\+|libstd-[0-9a-f]+)\.so$/
/** Functions by how their names begin, whatever module they are in: a program can be linked statically. */
const MACHINERY = named([
  ...['_*(?:GI_)?raise', 'gsignal', 'abort', '_*pthread_kill\\w*', 'tgkill', '__restore_rt', '__kernel_vsyscall'],
  ...['__assert_\\w+', '__assert', '__libc_message\\w*', 'malloc_printerr\\w*', '__fortify_fail\\w*', '__libc_fatal'],
  ...['__stack_chk_fail\\w*', '___?\\w+_chk', '__chk_fail', '__malloc_assert', '__libc_assert_fail'],
  // C++ (libstdc++, libc++abi, and the unwinder that finds nobody who catches).
  ...['__gnu_cxx::__verbose_terminate_handler', '__cxxabiv1::.+', '__cxa_(?:re)?throw\\w*', '__cxa_pure_virtual'],
  ...[
    '__cxa_deleted_virtual',
    '__cxa_call_(?:terminate|unexpected)',
    '__cxa_bad_(?:cast|typeid)',
    '__clang_call_terminate',
  ],
  ...['__gxx_personality_\\w+', '_Unwind_\\w+', 'abort_message', 'demangling_\\w+_handler\\w*', 'failed_throw'],
  ...['__verbose_terminate_handler', 'std::(?:__)?terminate', 'std::(?:__1::)?(?:__throw_\\w+|__libcpp_verbose_abort)'],
  ...['std::(?:rethrow_exception|unexpected|__glibcxx_assert_fail|__replacement_assert)', '__glibcxx_assert_fail'],
  // GLib and Qt.
  ...['g_assertion_message\\w*', '_?g_log\\w*', 'g_on_error\\w*', 'g_error', 'g_abort', 'g_return_if_fail_warning'],
  ...['qt_message_fatal', 'QMessageLogger::fatal', 'qFatal', 'qt_assert\\w*', 'qTerminate'],
  // Rust; since 1.82 some are in a crate `__rustc`.
  ...[
    '__rustc::(?!__(?:rust|rdl|rg)_(?:re|de)?alloc).+',
    '__?rust_\\w*panic\\w*',
    '__rust_(?:abort|foreign_exception)',
    'rust_oom',
  ],
  ...[
    'rust_(?:begin_unwind|eh_personality|panic\\w*)',
    '__(?:rust_alloc_error_handler|rdl_oom|rg_oom)',
    'panic_(?:abort|unwind)::.+',
  ],
  ...['(?:std|core|alloc)::panicking::.+', 'std::(?:process|alloc|rt)::.*(?:abort|oom|error_handler)\\w*.*'],
  ...[
    'core::intrinsics::abort',
    'std::sys::.*abort\\w*',
    '.*__rust_end_short_backtrace.*',
    'std::sys_common::backtrace::__rust_end.+',
  ],
  ...[
    '(?:core|alloc|std)::.*(?:_failed|_fail|_fail_rt|panic_\\w+|handle_alloc_error|handle_error|capacity_overflow)(?:::.+)?',
  ],
  // Go's runtime.
  ...[
    'runtime\\.(?:raise\\w*|tgkill|dieFromSignal|crash|fatal\\w*|throw\\w*|gopanic|panic\\w*|goPanic\\w*|sigpanic\\w*|abort)(?:\\.\\w+)*',
  ],
  ...['runtime\\.(?:systemstack\\w*|exit|sigtramp\\w*|sighandler|sigfwdgo|badsignal)(?:\\.\\w+)*'],
  // Interpreters and engines.
  ...[
    '_?Py_FatalError\\w*',
    '_Py_Fatal\\w+',
    'fatal_error(?:_exit)?',
    'rb_bug\\w*',
    'node::(?:Abort|Assert|OnFatalError|OOMErrorHandler)',
  ],
  ...[
    'v8::base::(?:OS|.*)::?Abort',
    'V8_Fatal',
    'v8::.*FatalProcessOutOfMemory',
    'google::LogMessage\\w*::.+',
    'absl::.*FailQuietly',
  ],
  // Handlers of a fault that write a report: the fault is behind the frame of the signal.
  ...['os::abort', 'VMError::.+', 'JVM_handle_linux_signal', 'KCrash::defaultCrashHandler', 'SalAbort'],
  ...['nsProfileLock::FatalSignalHandler', 'fatal_error_signal', 'terminate_due_to_signal', 'Application::Abort'],
  ...['faulthandler_fatal_error', 'sigsegv', 'sigbus', 'sigill', 'ruby_default_signal', 'rb_bug_for_fatal_signal'],
])
/** Of a Rust program that gave up, or a C++ one: what in its own standard library did so on its behalf. */
const STANDARD_LIBRARY = named([
  ...['(?:std|__gnu_cxx|core|alloc)::.+', '<(?:[&\\[*]|mut |const |dyn )*(?:std|core|alloc)::.+'],
  ...[
    '<(?:[&\\[*]|mut |const )*(?:[iu](?:8|16|32|64|128|size)|f32|f64|str|bool|char|\\(\\)|[A-Z])(?:[\\];][^>]*)? as (?:std|core|alloc)::.+',
  ],
])
/** What has memory allocated: they do for their callers what the C library does, which is where it fails. */
const ALLOCATING = named([
  ...['operator (?:new|delete)(?:\\[\\])?', '(?:__rustc::)?__(?:rust|rdl|rg)_(?:re|de)?alloc\\w*'],
  ...[
    'g_(?:try_)?(?:malloc|realloc)\\w*',
    'g_free\\w*',
    'g_slice_\\w+',
    'CRYPTO_(?:malloc|zalloc|realloc|free)',
    'PyMem_\\w+',
    'PyObject_(?:Malloc|Realloc|Free)',
  ],
])

/** Whole names, as `plainFunction` gives them. */
function named(patterns: readonly string[]): RegExp {
  return new RegExp(`^(?:${patterns.join('|')})$`)
}

/** Frames that are looked at: machinery is short. */
const MAX_FRAMES = 40

/** Whether a frame is in the C library or its loader, is of its headers, or allocates memory on behalf of its caller. */
export function isOfCLibrary({ module, function: name, kind, file }: Frame): boolean {
  if (kind === 'inline' && file !== undefined && OF_ITS_HEADERS.test(file)) return true
  if (module !== undefined && C_LIBRARY.test(plainModule(module.module.path))) return true
  // Of a program that is linked statically, too.
  if (name === undefined) return false
  const plain = plainFunction(name)
  return isByProcessor(name) || ALLOCATING.test(plain) ||
    (isCFunction(plain) && (file === undefined || (kind === 'inline' && OF_A_HEADER.test(file))))
}

/** Whether a frame is of the standard library of a language, by its file, or by its name where it is compiled into the program. */
function isOfStandardLibrary(frame: Frame): boolean {
  if (frame.module !== undefined && RUNTIME_LIBRARY.test(plainModule(frame.module.module.path))) return true
  return frame.function !== undefined && STANDARD_LIBRARY.test(plainFunction(frame.function))
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
  const isHow = (frame: Frame) =>
    frame.function === undefined || [isMachinery, isOfCLibrary, isOfStandardLibrary].some((is) => is(frame))
  const other = first.slice(0, last).findIndex((frame) => !isHow(frame))
  const end = other < 0 ? last + 1 : first.slice(0, other).findLastIndex(isMachinery) + 1
  // What of the C library found a reason to: free(), memcpy().
  if (end === 0) return 0
  const own = first.slice(end).findIndex((frame) => !isOfCLibrary(frame) && !isOfStandardLibrary(frame))
  if (own >= 0) return end + own
  // A program that is nothing else, as a part of the standard library is.
  const rest = first.slice(end).findIndex((frame) => !isOfCLibrary(frame))
  return rest < 0 ? first.length : end + rest
}

/** The first frame that is neither of the C library nor of what ended the process: where somebody's own code was. */
export function firstOwn<Each extends Frame>(frames: readonly Each[]): Each | undefined {
  return frames.slice(machineryOf(frames)).find((frame) =>
    frame.kind !== 'signal-handler' && !isOfCLibrary(frame) && !isMachinery(frame)
  )
}
