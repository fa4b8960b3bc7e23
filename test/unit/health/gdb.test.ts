import { describe, expect, it } from 'vitest'
import { judgeAge } from '../../../src/health/gdb.ts'

describe('judgeAge()', () => {
  it.each([
    ['GNU gdb (Debian 13.1-3) 13.1', 'ok'],
    ['GNU gdb (Debian 16.3-1) 16.3', 'ok'],
    ['GNU gdb (GDB) Fedora Linux 14.2-1.fc40', 'ok'],
    ['GNU gdb (GDB) 17.0.50.20250703-git', 'ok'],
    ['GNU gdb (Ubuntu 12.1-0ubuntu1~22.04) 12.1', 'warn'],
    ['GNU gdb (Debian 10.1-1.7) 10.1.90.20210103-git', 'warn'],
    ['GNU gdb (GDB) Red Hat Enterprise Linux 8.2-20.el8', 'FAIL'],
    ['GNU gdb (Ubuntu 7.11.1-0ubuntu1~16.5) 7.11.1', 'FAIL'],
    ['GNU gdb (GDB) 7.2', 'FAIL'],
    ['a gdb of my own', 'ok'],
  ])('of %s is %s', (version, verdict) => {
    expect(judgeAge(version)).toMatchObject({ verdict, text: expect.stringContaining(version) })
  })
})
