/** Libraries whose symbols are read whatever the stacks point into. */
import { describe, expect, it } from 'vitest'
import { isAlwaysRead } from '../../../workers/retrace/spare.ts'

describe('isAlwaysRead()', () => {
  it.each([
    ...['ld-linux-x86-64.so.2', 'ld-linux.so.2', 'ld-linux-aarch64.so.1', 'ld-linux-armhf.so.3'],
    ...['ld64.so.2', 'ld64.so.1', 'ld-linux-riscv64-lp64d.so.1', 'ld-2.31.so', 'ld-musl-x86_64.so.1'],
    ...['libc.so.6', 'libc-2.31.so', 'libpthread.so.0', 'libpthread-2.31.so', 'libstdc++.so.6.0.30'],
    ...['libglib-2.0.so.0.7400.6', 'libpython3.11.so.1.0'],
  ])('knows %s, by which threads, messages or languages are found', (name) => {
    expect(isAlwaysRead(name)).toBe(true)
  })

  it.each(['libcrypto.so.3', 'libz.so.1', 'libcap.so.2', 'libglibmm-2.4.so.1'])('does not take %s for one', (name) => {
    expect(isAlwaysRead(name)).toBe(false)
  })
})
