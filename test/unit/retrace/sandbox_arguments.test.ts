import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wallArguments } from '../../../src/process/wall.ts'
import { debuggerSandbox, MAX_LINKS, mergedLinks } from '../../../workers/retrace/sandbox/arguments.ts'
import { canonicalPath, LinkSet } from '../../../workers/retrace/sandbox/links.ts'

const MIB = 1_048_576

const plan = {
  debugger: { binds: [{ from: '/usr/bin/gdb', at: '/usr/bin/gdb' }], links: mergedLinks('', ['lib']) },
  binds: [{ from: '/spool/1/coredump', at: '/core' }, { from: '/repo/debian-12/libc6', at: '/store/0' }],
  links: [{ path: '/sysroot/usr/lib/libc.so.6', target: '/store/0/usr/lib/libc.so.6' }],
}

describe('debuggerSandbox()', () => {
  const sandbox = debuggerSandbox(plan, { memoryMb: 4096, seconds: 120 }, ['/usr/bin/gdb'])

  it('shows what the plan names, and nothing can be written but its /tmp', () => {
    expect(sandbox.binds).toEqual([...plan.debugger.binds, ...plan.binds])
    expect(sandbox.links).toEqual([...plan.debugger.links, ...plan.links])
    expect(sandbox.writable).toBeUndefined()
    expect(sandbox.tmpBytes).toBe(64 * MIB)
  })

  it('fences the address space at 4 GiB above the memory of the task, and at 8 GiB at least', () => {
    expect(sandbox.limits).toEqual({
      addressSpace: 8192 * MIB,
      cpuS: 120,
      fileBytes: 64 * MIB,
      openFiles: 1024,
      processes: 256,
    })
    expect(debuggerSandbox(plan, { memoryMb: 8192, seconds: 0.2 }, ['/usr/bin/gdb']).limits)
      .toMatchObject({ addressSpace: 12_288 * MIB, cpuS: 1 })
  })

  it('debuggerSandbox() has room for as many links as a task may have', () => {
    const links = Array.from({ length: MAX_LINKS }, (_, n) => ({ path: `/sysroot/${n}`, target: '/store/0/x' }))
    const whole = debuggerSandbox({ ...plan, links }, { memoryMb: 4096, seconds: 120 }, ['/usr/bin/gdb'])
    expect(wallArguments(whole).length).toBeLessThan(9000)
  })
})

describe('canonicalPath()', () => {
  it.each([
    ['/lib/x86_64-linux-gnu/libc.so.6', '/usr/lib/x86_64-linux-gnu/libc.so.6'],
    ['/lib64/ld-linux-x86-64.so.2', '/usr/lib64/ld-linux-x86-64.so.2'],
    ['/usr/lib/../lib//a/./b', '/usr/lib/a/b'],
    ['/opt/x', '/opt/x'],
    ['/library/x', '/library/x'],
    ['/../etc/passwd', undefined],
    ['/a/../../b', undefined],
    ['relative', undefined],
    ['[vdso]', undefined],
    ['/', undefined],
    ['/a\nb', undefined],
    ['/a\0b', undefined],
    [`/${'x'.repeat(300)}`, undefined],
  ])('reads %j as %j', (path, expected) => {
    expect(canonicalPath(path)).toBe(expected)
  })

  it('never leaves the root, whatever the path', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'lib', 'usr')), (parts) => {
        const path = canonicalPath(`/${parts.join('/')}`)
        expect(path === undefined || (/^\/[a-z]/.test(path) && !path.split('/').includes('..'))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('LinkSet', () => {
  it('gives a name to the first who asks, and says so to the next', () => {
    const links = new LinkSet()
    expect(links.add('/sysroot/usr/lib/a.so', '/store/0/a')).toBe(true)
    expect(links.add('/sysroot/usr/lib/a.so', '/store/0/a')).toBe(true)
    expect(links.add('/sysroot/usr/lib/a.so', '/store/1/a')).toBe(false)
    expect(links.list()).toEqual([{ path: '/sysroot/usr/lib/a.so', target: '/store/0/a' }])
  })

  it('lets no name be a file and a folder at once', () => {
    const links = new LinkSet()
    links.add('/sysroot/usr/lib/a.so', '/store/0/a')
    expect(links.add('/sysroot/usr/lib', '/store/1/evil')).toBe(false)
    expect(links.add('/sysroot/usr/lib/a.so/b', '/store/1/evil')).toBe(false)
    expect(links.size).toBe(1)
  })
})
