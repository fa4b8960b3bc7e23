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
    const [, kind, library, name] = /^(?:<(.*)>)?(libc:)?(.*)$/.exec(word) ?? []
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
