/** Where stacks begin, so that one which ends there lacks nothing. */
import { describe, expect, it } from 'vitest'
import { resolvedModule } from '../../helpers/report_parts.ts'
import { beginsThere, isMain } from '../../../workers/retrace/report/stack_end.ts'

const [PROGRAM, LIBRARY] = [0x1000n, 0x9000n]
const module = (path: string, start: bigint) => ({ ...resolvedModule().module, path, start, end: start + 0x1000n })
const STATIC = { modules: [module('/usr/bin/p', PROGRAM)] }
const DYNAMIC = { modules: [...STATIC.modules, module('/usr/lib/libc.so.6', LIBRARY)] }

const stack = (...names: (string | undefined)[]) => names.map((name) => ({ function: name, pc: LIBRARY }))

describe('beginsThere()', () => {
  it.each([
    ['_start of a program', stack('f', '_start')],
    ['main() of the C library', stack('main', '__libc_start_call_main')],
    ['clone(), by all of its names', stack('start_thread', 'clone3')],
    ['what has no name behind start_thread', stack('f', 'start_thread', undefined)],
    ['a label in clone()', stack('start_thread', 'thread_start')],
    ['a context of makecontext()', stack('f', '__start_context')],
    ['a thread of musl', stack('f', 'start')],
    ['a goroutine', stack('main.main', 'runtime.main', 'runtime.goexit.abi0')],
  ])('knows %s', (_, frames) => {
    expect(beginsThere(frames, DYNAMIC)).toBe(true)
  })

  it.each(['start', 'thread_start', 'start_thread', 'clone'])(
    'does not take %s for one in another file than the C library',
    (name) => {
      const at = (pc: bigint, core: typeof STATIC) => beginsThere([{ function: name, pc }], core)
      expect([at(PROGRAM, DYNAMIC), at(LIBRARY, DYNAMIC), at(0x41n, DYNAMIC)]).toEqual([false, true, false])
      expect(at(PROGRAM, STATIC)).toBe(true)
    },
  )

  it.each(['libc-2.31.so', 'libpthread.so.0', 'ld-musl-x86_64.so.1', 'ld64.so.2', 'libuClibc-1.0.45.so'])(
    'knows %s for a C library',
    (name) => {
      const core = { modules: [...STATIC.modules, module(`/lib/${name}`, LIBRARY)] }
      expect(beginsThere([{ function: 'start', pc: LIBRARY }], core)).toBe(true)
      expect(beginsThere([{ function: 'start', pc: PROGRAM }], core)).toBe(false)
    },
  )

  it.each([
    ['a function of the program', stack('start_thread', 'f')],
    ['what has no name behind one', stack('f', undefined)],
    ['a name that goes on', stack('start_threads')],
    ['what has no name behind what has none', stack('start_thread', undefined, undefined)],
    ['nothing', []],
  ])('does not take %s for one', (_, frames) => {
    expect(beginsThere(frames, DYNAMIC)).toBe(false)
  })
})

describe('isMain()', () => {
  it.each(['main', 'MAIN__', 'D main', 'crate::main'])('knows that gdb ends stacks at %s', (name) => {
    expect(isMain({ function: name })).toBe(true)
    expect(isMain({ function: `${name}2` })).toBe(false)
  })
})
