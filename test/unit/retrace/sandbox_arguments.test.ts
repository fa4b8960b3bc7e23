import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bwrapArguments, MAX_LINKS, mergedLinks, sandboxCommand } from '../../../workers/retrace/sandbox/arguments.ts'
import { canonicalPath, LinkSet } from '../../../workers/retrace/sandbox/links.ts'

const plan = {
  debugger: { binds: [{ from: '/usr/bin/gdb', at: '/usr/bin/gdb' }], links: mergedLinks('', ['lib']) },
  binds: [{ from: '/spool/1/coredump', at: '/core' }, { from: '/repo/debian-12/libc6', at: '/store/0' }],
  links: [{ path: '/sysroot/usr/lib/libc.so.6', target: '/store/0/usr/lib/libc.so.6' }],
}

describe('bwrapArguments()', () => {
  const words = bwrapArguments(plan)
  const text = words.join(' ')

  it('takes every namespace, every capability, the environment and the user away', () => {
    for (
      const each of ['--unshare-all', '--uid 65534', '--gid 65534', '--cap-drop ALL', '--clearenv', '--new-session']
    ) {
      expect(text).toContain(each)
    }
    expect(text).toContain('--die-with-parent')
    expect(text).toContain('--disable-userns')
  })

  it('binds read-only, and only what the plan names', () => {
    const binds = words.flatMap((word, index) => (/^--(ro-)?bind/.test(word) ? [words.slice(index, index + 3)] : []))
    expect(binds).toEqual([
      ['--ro-bind', '/usr/bin/gdb', '/usr/bin/gdb'],
      ['--ro-bind', '/spool/1/coredump', '/core'],
      ['--ro-bind', '/repo/debian-12/libc6', '/store/0'],
    ])
    expect(text).toContain('--symlink /store/0/usr/lib/libc.so.6 /sysroot/usr/lib/libc.so.6')
  })

  it('makes the root read-only after everything is in it', () => {
    expect(words.slice(-4)).toEqual(['--remount-ro', '/', '--chdir', '/tmp'])
    expect(text).toContain('--size 67108864 --tmpfs /tmp')
  })

  it('stays below the 9000 arguments that bwrap takes, and refuses more links', () => {
    const links = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ path: `/sysroot/${n}`, target: '/store/0/x' }))
    expect(bwrapArguments({ ...plan, links: links(MAX_LINKS) }).length).toBeLessThan(9000)
    expect(() => bwrapArguments({ ...plan, links: links(MAX_LINKS + 1) })).toThrow(RangeError)
  })
})

describe('sandboxCommand()', () => {
  it('limits address space, processor time, files and descriptors, the soft limit below the hard one', () => {
    const words = sandboxCommand({ memoryMb: 4096, seconds: 120 }, { args: 4, seccomp: 5 }, ['/usr/bin/gdb'])
    expect(words).toContain('--as=8589934592')
    expect(words).toContain('--cpu=120:125')
    expect(words).toEqual(expect.arrayContaining(['--fsize=67108864', '--nofile=1024', '--core=0']))
    expect(words.slice(-6)).toEqual(['bwrap', '--args', '4', '--seccomp', '5', '/usr/bin/gdb'])
    expect(sandboxCommand({ memoryMb: 8192, seconds: 1 }, { args: 4, seccomp: 5 }, [])).toContain('--as=12884901888')
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
