/** What makes two crashes the same, and whose they are. */
import { describe, expect, it } from 'vitest'
import { blameOf } from '../../../workers/retrace/crash/blame.ts'
import { cycleOf } from '../../../workers/retrace/crash/cycle.ts'
import { firstOwn, machineryOf } from '../../../workers/retrace/crash/machinery.ts'
import { plainFunction, plainModule } from '../../../workers/retrace/crash/names.ts'
import { signatureOf } from '../../../workers/retrace/crash/signature.ts'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import type { PackageRow } from '../../../src/packages/index/lookup.ts'
import { newerVersion } from '../../../workers/retrace/resolve/newer.ts'
import { sentenceOf, updateText } from '../../../workers/retrace/words/sentence.ts'
import { whatOf } from '../../../workers/retrace/crash/what.ts'
import { NO_DETAILS } from '../../../workers/retrace/gdb/details.ts'
import type { ReportFrame } from '../../../workers/retrace/report/frames.ts'
import { reportThread, resolvedModule, WHOLE_CORE } from '../../helpers/report_parts.ts'

const LIBC = resolvedModule({
  module: { ...resolvedModule().module, kind: 'library', path: '/usr/lib/x86_64-linux-gnu/libc.so.6' },
})
const PROGRAM = resolvedModule({
  owner: { name: 'p', version: '1.0', architecture: 'amd64' },
  newer: '1.1',
})

/** `libc:raise`, `main`, `?`, `<inline>f`, `<signal>`, `nowhere`: frames of a program and of the C library. */
function frames(...words: string[]): ReportFrame[] {
  return words.map((word, level) => {
    const [, kind, library, name] = /^(?:<(inline|signal)>)?(libc:)?(.*)$/.exec(word) ?? []
    const module = word === 'nowhere' ? undefined : library === undefined ? PROGRAM : LIBC
    const base = reportThread(name === '?' || word === 'nowhere' || name === '' ? undefined : name, PROGRAM).frames[0]
    if (base === undefined) throw new Error('Expected a frame')
    const kinds = { inline: 'inline', signal: 'signal-handler' } as const
    return { ...base, level, module, pc: 0x1000n + BigInt(level), kind: kinds[kind as keyof typeof kinds] ?? 'normal' }
  })
}

const signature = (...words: string[]) => signatureOf(frames(...words))?.frames

describe('the signature of a crash', () => {
  it.each([
    ['std::vector<int, std::allocator<int> >::at(unsigned long) const', 'std::vector<int, std::allocator<int> >::at'],
    ['void ns::f<int>(int)', 'ns::f<int>'],
    ['ns::A::operator()(int)', 'ns::A::operator()'],
    ['ns::A::operator()', 'ns::A::operator()'],
    ['ns::A::operator bool() const', 'ns::A::operator bool'],
    ['(anonymous namespace)::g(char const*)', '(anonymous namespace)::g'],
    ['work.constprop.0.isra.1', 'work'],
    ['work.cold', 'work'],
    ['crate::module::run::h0123456789abcdef', 'crate::module::run'],
    ['core::ptr::drop_in_place<T>::h0123456789abcdef', 'core::ptr::drop_in_place<T>'],
    ['__GI_raise', 'raise'],
    ['__strlen_avx2', 'strlen'],
    ['__strlen_evex', 'strlen'],
    ['__memset_avx512_unaligned_erms', 'memset'],
    ['__memmove_avx_unaligned_erms', 'memmove'],
    ['pthread_create@@GLIBC_2.34', 'pthread_create'],
    ['main', 'main'],
    // No name is empty, whatever a stranger's file calls its functions.
    ['x in y () ', 'y'],
    ['x in y ()', 'y'],
    ['()', '()'],
    [' ()', ' ()'],
  ])('takes %s for %s', (name, plain) => {
    expect(plainFunction(name)).toBe(plain)
  })

  it('a library is the same in another version', () => {
    expect(plainModule('/lib/x86_64-linux-gnu/libc-2.31.so')).toBe('libc.so')
    expect(plainModule('/lib/x86_64-linux-gnu/libfoo.so.6.0.30')).toBe('libfoo.so')
    expect(plainModule('/usr/bin/python3.11')).toBe('python3.11')
  })

  it('is made of functions and modules without addresses, and folds what was inlined', () => {
    expect(signature('libc:__strlen_avx2', '<inline>twice', 'f', 'main')).toEqual(['libc.so!strlen', 'p!f', 'p!main'])
    expect(signatureOf(frames('f', 'main'))?.value).toBe(signatureOf(frames('<inline>g', 'f', 'main'))?.value)
    expect(signatureOf(frames('f', 'main'))?.value).not.toBe(signatureOf(frames('g', 'main'))?.value)
  })

  it('begins behind what ended the process', () => {
    expect(signature('libc:?', 'libc:raise', 'libc:abort', 'f', 'main')).toEqual(['p!f', 'p!main'])
    expect(signature('libc:raise', 'libc:abort', 'libc:?', 'libc:free', 'f', 'main')).toEqual(['p!f', 'p!main'])
  })

  it('ends where the C library starts threads and programs', () => {
    expect(signature('f', 'libc:start_thread', 'libc:clone3')).toEqual(signature('f', 'libc:?', 'libc:clone'))
    expect(signature('f', 'main', 'libc:__libc_start_main', '_start')).toEqual(['p!f', 'p!main'])
    expect(signature('libc:poll', 'libc:clone')).toEqual(['libc.so!poll', 'libc.so!clone'])
  })

  it('counts recursion once, wherever in its cycle it ended', () => {
    const turns = (names: string[], times: number) => Array.from({ length: times }, () => names).flat()
    const one = signature(...turns(['a', 'b'], 50), 'main')
    expect(one).toEqual(['p!a', 'p!b', 'p!main'])
    expect(signature('b', ...turns(['a', 'b'], 80), 'main')).toEqual(one)
    expect(signature(...turns(['f'], 200), 'main')).toEqual(['p!f', 'p!main'])
    expect(signature(...turns(['a', 'b'], 300))).toEqual(['p!a', 'p!b'])
  })

  it('there is none for a stack without names', () => {
    expect(signature('?', 'nowhere', '?')).toBeUndefined()
    expect(signature()).toBeUndefined()
  })
})

describe('recursion', () => {
  it('is found with its length and passes, and nothing short of three passes is', () => {
    expect(cycleOf(['x', 'a', 'b', 'a', 'b', 'a', 'b', 'main'])).toEqual({ start: 1, names: ['a', 'b'], passes: 3 })
    expect(cycleOf(['a', 'b', 'a', 'b', 'main'])).toBeUndefined()
    expect(cycleOf([])).toBeUndefined()
  })
})

describe('the package to blame', () => {
  it('is that of the first frame outside the C library and of what ended the process', () => {
    const blame = (...words: string[]) => blameOf(reportThread('x', PROGRAM, { frames: frames(...words) }))
    expect(blame('libc:raise', 'libc:abort', 'f', 'main')).toMatchObject({
      frame: { level: 2 },
      package: 'p',
      version: '1.0',
      newer: '1.1',
    })
    expect(blame('libc:strlen', 'main')?.frame.level).toBe(1)
    // Linked statically, the library is in the program's own file.
    expect(blame('__memmove_avx512_unaligned_erms', 'main')?.frame.level).toBe(1)
    expect(blame('memmove_avx2', 'main')?.frame.level).toBe(0)
    expect(blame('_int_free', 'free', 'main')?.frame.level).toBe(2)
    expect(blame('__vfprintf_internal', '_IO_printf', 'main')?.frame.level).toBe(2)
    expect(blame('msort_with_tmp.part.0', 'qsort', 'freeze', 'main')?.frame.level).toBe(2)
    expect(blame('raise', 'abort', '__libc_message', 'malloc_printerr', '_int_free', 'main')?.frame.level).toBe(5)
    // A program's own, of whose source file its debuginfo tells.
    const [own, ...rest] = frames('strdup', 'main')
    const all = own === undefined ? [] : [{ ...own, file: '/src/own.c' }, ...rest]
    expect(blameOf(reportThread('x', PROGRAM, { frames: all }))?.frame.level).toBe(0)
    expect(blame('nowhere', 'main')?.frame.level).toBe(1)
    expect(blame('libc:strlen')?.path).toBe(LIBC.module.path)
    expect(blame('nowhere')).toBeUndefined()
    expect(blameOf(undefined)).toBeUndefined()
  })

  it('is behind the frame of the signal where a handler only reports what happened', () => {
    const all = frames(
      'libc:raise',
      'libc:abort',
      'os::abort',
      'VMError::report_and_die(int)',
      '<signal>',
      'Unsafe_PutInt',
    )
    expect(blameOf(reportThread('x', PROGRAM, { frames: all }))?.frame.level).toBe(5)
    const crashed = reportThread('x', PROGRAM, { frames: all })
    expect(
      sentenceOf({ what: { kind: 'abort', message: undefined }, crashed }, { core: WHOLE_CORE, release: undefined }),
    )
      .toMatch(/ aborted on a signal that came in Unsafe_PutInt$/)
  })

  it.each([
    // Rust 1.95 with debuginfo, without, 1.63; a panic that may not unwind; no memory.
    'std::process::abort|std::rt::__rust_abort|panic_abort::__rust_start_panic|std::panicking::rust_panic|std::panicking::panic_with_hook|' +
    'std::sys::backtrace::__rust_end_short_backtrace<std::panicking::panic_handler::{closure_env#0}, !>|core::panicking::panic_fmt|' +
    'core::slice::index::slice_index_fail|core::slice::index::{impl#0}::index<i32, core::ops::range::Range<usize>>',
    '__rustc::__rust_abort|__rustc::__rust_start_panic|__rustc::rust_panic|std::panicking::panic_handler::{closure#0}|' +
    '__rustc::rust_begin_unwind|core::panicking::panic_fmt|<alloc::vec::Vec<_, _>>::remove::assert_failed',
    'panic_abort::__rust_start_panic::abort|__rust_start_panic|rust_panic|std::panicking::rust_panic_with_hook|' +
    'std::sys_common::backtrace::__rust_end_short_backtrace|rust_begin_unwind|core::panicking::panic_bounds_check|' +
    '<usize as core::slice::index::SliceIndex<[T]>>::index|<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index',
    'std::process::abort|std::panicking::panic_with_hook|core::panicking::panic_nounwind|core::panicking::panic_cannot_unwind',
    'std::process::abort|std::alloc::rust_oom|std::alloc::_::__rust_alloc_error_handler|alloc::alloc::handle_alloc_error',
    'core::option::unwrap_failed|core::option::Option<i32>::unwrap<i32>',
    // C++: noexcept, no memory, a bound that was checked, what libc++ says.
    '__gnu_cxx::__verbose_terminate_handler()|std::terminate()|__cxa_call_terminate|__gxx_personality_v0|_Unwind_RaiseException_Phase2|' +
    '_Unwind_RaiseException|__cxa_throw',
    'std::terminate()|__cxa_throw|operator new(unsigned long)|std::__new_allocator<char>::allocate|std::string::_M_create',
    'std::terminate()|__cxa_throw|std::__throw_out_of_range_fmt(char const*, ...)|std::vector<int, std::allocator<int> >::at',
    'std::terminate()|std::rethrow_exception(std::__exception_ptr::exception_ptr)',
    'abort_message|demangling_terminate_handler()|std::__terminate(void (*)())|__cxa_throw|std::__1::__throw_length_error(char const*)',
    'runtime.raise.abi0|runtime.dieFromSignal|runtime.crash|runtime.fatalpanic|runtime.gopanic|runtime.panicmem|runtime.sigpanic',
    'g_logv|g_log|g_malloc0',
  ])('is the user of a standard library, not its way to give up: %s', (names) => {
    const all = frames('libc:raise', 'libc:abort', ...names.split('|'), 'shop::work', 'main')
    const crashed = reportThread('x', PROGRAM, { frames: all })
    expect(blameOf(crashed)?.frame.function).toBe('shop::work')
    expect(signatureOf(all)?.frames).toEqual(['p!shop::work', 'p!main'])
    const parts = { core: WHOLE_CORE, release: undefined }
    expect(sentenceOf({ what: { kind: 'abort', message: undefined }, crashed }, parts)).toMatch(/ in shop::work$/)
  })

  it("is whose own function has a name like those, and a fault in what allocates is its caller's", () => {
    expect(firstOwn(frames('libc:raise', 'libc:abort', '<shop::Cart as core::ops::drop::Drop>::drop', 'main'))?.level)
      .toBe(2)
    expect(firstOwn(frames('std::vector<int>::push_back', 'f'))?.level).toBe(0)
    expect(firstOwn(frames('libc:malloc', 'operator new(unsigned long)', 'f'))?.level).toBe(2)
    expect(machineryOf(frames('libc:malloc', 'operator new(unsigned long)', 'f'))).toBe(0)
  })

  it('a trap of g_error() is a message of GLib, and any other trap the signal', () => {
    const sentence = (...words: string[]) => {
      const crashed = reportThread('x', PROGRAM, { frames: frames(...words) })
      const core = { ...WHOLE_CORE, threads: [{ lwp: 5, signal: 5, pc: 0x1500n, sp: 0n }] }
      const what = whatOf({ core, crashed, details: NO_DETAILS, crashClass: 'no-interest', fault: undefined })
      return sentenceOf({ what, crashed }, { core, release: 'debian-12-amd64' })
    }
    expect(sentence('g_log_structured_array', 'g_logv', 'g_log', 'check', 'main'))
      .toBe('A program of debian-12 gave up with a fatal message of GLib in check')
    expect(sentence('check', 'main')).toBe('A program of debian-12 was ended by SIGTRAP in check')
  })

  it('a newer package upstream is what to install first', () => {
    const crash = (...words: string[]) => ({ blame: blameOf(reportThread('x', PROGRAM, { frames: frames(...words) })) })
    expect(updateText(crash('f', 'main'))).toBe('Update p first: 1.1 is newer than 1.0.')
    expect(updateText(crash('libc:strlen'))).toBeUndefined()
    const row = { name: 'p', releaseId: 1, naming: NAMINGS[0], architecture: 'amd64' } as unknown as PackageRow
    const versions = (...known: [version: string, gone: number | null, architecture?: string][]) => ({
      versionsOf: () =>
        known.map(([version, gone, architecture = 'amd64']) => ({ ...row, version, gone, architecture })),
    })
    const index = versions(['1.0-2', null], ['1.0-10', null], ['1.0-11', 5], ['2:0.1', null, 'i386'], ['0.9', null])
    expect(newerVersion({ ...row, version: '1.0-2' }, index)).toBe('1.0-10')
    expect(newerVersion({ ...row, version: '1.0-10' }, index)).toBeUndefined()
  })

  it('does not look behind a signal handler, and takes no function of a caller for how the process ended', () => {
    expect(machineryOf(frames('libc:raise', 'handler', '<signal>', 'abort', 'main'))).toBe(1)
    expect(machineryOf(frames('f', 'libc:abort', 'main'))).toBe(0)
    expect(firstOwn(frames('libc:raise', 'handler', '<signal>', 'main'))?.level).toBe(1)
  })
})
