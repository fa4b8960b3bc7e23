import { describe, expect, it } from 'vitest'
import { reconciled } from '../../../workers/retrace/report/reconcile.ts'

const local = (name: string, state: 'whole' | 'optimized-out') => ({
  name,
  type: undefined,
  kind: 'struct' as const,
  value: 'x',
  state,
})

describe('reconciled()', () => {
  const text = '#0  f () at f.rs:1\n        opt = Option::None\n        n = 3\n#1  g () at f.rs:2\n' +
    '        opt = Option::Some{\n          0: 1\n}\nNo locals.'

  it("says of a local that it is optimized out where gdb's text asserts a value, in that frame alone", () => {
    const frames = [{ locals: [local('opt', 'optimized-out'), local('n', 'whole')] }, {
      locals: [local('opt', 'whole')],
    }]
    expect(reconciled(text, frames)).toBe(text.replace('Option::None', '<optimized out>'))
  })

  it('takes all lines of such a value', () => {
    const frames = [{ locals: [] }, { locals: [local('opt', 'optimized-out')] }]
    expect(reconciled(text, frames)).toBe(text.replace(/Option::Some\{[^}]*\}/, '<optimized out>'))
  })

  it('leaves a value whose text says itself what is missing, and names that stand for two', () => {
    const partly = '#0  f ()\n        s = {a = 1, b = <optimized out>}\n        t = 1\n        t = 2'
    const frames = [{ locals: ['s', 't', 't'].map((name) => local(name, 'optimized-out')) }]
    expect(reconciled(partly, frames)).toBe(partly)
  })
})
