/** Where stacks begin, so that one which ends there lacks nothing. */
import { describe, expect, it } from 'vitest'
import { beginsThere, isMain } from '../../../workers/retrace/report/stack_end.ts'

const stack = (...names: (string | undefined)[]) => names.map((name) => ({ function: name }))

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
    expect(beginsThere(frames)).toBe(true)
  })

  it.each([
    ['a function of the program', stack('start_thread', 'f')],
    ['what has no name behind one', stack('f', undefined)],
    ['a name that goes on', stack('start_threads')],
    ['what has no name behind what has none', stack('start_thread', undefined, undefined)],
    ['nothing', []],
  ])('does not take %s for one', (_, frames) => {
    expect(beginsThere(frames)).toBe(false)
  })
})

describe('isMain()', () => {
  it.each(['main', 'MAIN__', 'D main', 'crate::main'])('knows that gdb ends stacks at %s', (name) => {
    expect(isMain({ function: name })).toBe(true)
    expect(isMain({ function: `${name}2` })).toBe(false)
  })
})
