import { describe, expect, it } from 'vitest'
import { reconciled } from '../../../workers/retrace/report/reconcile.ts'

const local = (name: string, state: 'whole' | 'optimized-out') => ({
  name,
  type: undefined,
  kind: 'struct' as const,
  value: 'x',
  state,
})

const frame = (...locals: ReturnType<typeof local>[]) => ({ arguments: [], locals, lacksFiles: false })

describe('reconciled()', () => {
  const text = '#0  f () at f.rs:1\n        opt = Option::None\n        n = 3\n#1  g () at f.rs:2\n' +
    '        opt = Option::Some{\n          0: 1\n}\nNo locals.'

  it("says of a local that it is optimized out where gdb's text asserts a value, in that frame alone", () => {
    const frames = [frame(local('opt', 'optimized-out'), local('n', 'whole')), frame(local('opt', 'whole'))]
    expect(reconciled(text, frames)).toBe(text.replace('Option::None', '<optimized out>'))
  })

  it('takes all lines of such a value', () => {
    const frames = [frame(), frame(local('opt', 'optimized-out'))]
    expect(reconciled(text, frames)).toBe(text.replace(/Option::Some\{[^}]*\}/, '<optimized out>'))
  })

  it('leaves a value whose text says itself what is missing, and a name that gdb told more or less often', () => {
    const partly = '#0  f ()\n        s = {a = 1, b = <optimized out>}\n        t = 1\n        t = 2'
    const names = [['s', 't'], ['s', 't', 't', 't']]
    for (const each of names) {
      expect(reconciled(partly, [frame(...each.map((name) => local(name, 'optimized-out')))])).toBe(partly)
    }
  })

  it('tells variables of the same name in several blocks apart by their order', () => {
    const twice = '#0  f ()\n        t = {None}\n        t = {Some}'
    const [first, second] = [local('t', 'optimized-out'), local('t', 'whole')]
    expect(reconciled(twice, [frame(first, second)])).toBe(twice.replace('{None}', '<optimized out>'))
    expect(reconciled(twice, [frame(second, first)])).toBe(twice.replace('{Some}', '<optimized out>'))
  })

  it('does not say that a frame has no arguments and locals when the files that would have them are not here', () => {
    const said = '#0  f () at f.c:1\nNo locals.\n#1  0x1 in main () at f.c:9\nNo locals.'
    expect(reconciled(said, [{ ...frame(), lacksFiles: true }, frame()])).toBe(
      '#0  f (...) at f.c:1\nNo symbol table info available.\n#1  0x1 in main () at f.c:9\nNo locals.',
    )
  })
})
