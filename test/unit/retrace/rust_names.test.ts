/** Names of Rust as people write them; the lines are gdb's own, of a program that was mangled both ways. */
import { describe, expect, it } from 'vitest'
import { textWithoutHashes, withoutHashes } from '../../../workers/retrace/gdb/rust_names.ts'

describe('names of Rust', () => {
  it.each([
    ['r::shop::Cart<T>::total::h875701fff16c31cc', 'r::shop::Cart<T>::total'],
    ['std::rt::lang_start::{{closure}}::ha86af84d9cc65291', 'std::rt::lang_start::{{closure}}'],
    ['<r[4dd80272b5a2d1fc]::shop::Cart<u64>>::total', '<r::shop::Cart<u64>>::total'],
    ['std[e28293b1aa0f68bd]::rt::lang_start::<()>::{closure#0}', 'std::rt::lang_start::<()>::{closure#0}'],
    ['ns::hash', 'ns::hash'],
    ['ns::h875701fff16c31c', 'ns::h875701fff16c31c'],
    ['operator[]', 'operator[]'],
    ['f<int[10]>::a[10]::x', 'f<int[10]>::a[10]::x'],
  ])('lose the hash of their build: %s', (name, plain) => {
    expect(withoutHashes(name)).toBe(plain)
  })

  it('lose it in the text, too, and nothing else does', () => {
    const text = [
      '#0  0x0000000000000010 in r::walk::h265a6bfd93807dc5 ()',
      '#1  r[4dd80272b5a2d1fc]::main (text="std[e28293b1aa0f68bd]::x::h265a6bfd93807dc5 (")',
      '        value = "#2  a::h265a6bfd93807dc5 ("',
      '#2  f (p=0x0, name="a::h265a6bfd93807dc5 (")',
    ]
    const plain = [
      '#0  0x0000000000000010 in r::walk ()',
      text[1]?.replace('r[4dd80272b5a2d1fc]', 'r'),
      text[2],
      text[3],
    ]
    expect(textWithoutHashes(text.join('\n'))).toBe(plain.join('\n'))
  })
})
