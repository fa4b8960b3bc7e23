import { describe, expect, it } from 'vitest'
import { type Sandbox, wallArguments, wallCommand } from '../../../src/process/wall.ts'

const BARE: Sandbox = {
  name: 'trial',
  runs: ['cat'],
  words: ['/usr/bin/cat', '--flag'],
  limits: { addressSpace: 1000, cpuS: 10, fileBytes: 0, openFiles: 64, processes: 7 },
  binds: [],
}

/** The values of an option, each time that it stands there. */
function valuesOf(words: readonly string[], option: string, count: number): string[][] {
  return words.flatMap((word, at) => (word === option ? [words.slice(at + 1, at + 1 + count)] : []))
}

describe('wallArguments()', () => {
  // The probe of test/integration/wall.test.ts tells most of these apart; some it cannot, since two of them forbid the same.
  it.each([
    ['namespaces of ours', ['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup']],
    ['our user', ['--uid', '65534', '--gid', '65534']],
    ['a life without us', ['--die-with-parent']],
    ['our terminal and session', ['--new-session']],
    ['capabilities', ['--cap-drop', 'ALL']],
    ['our environment', ['--clearenv']],
    ['our host name', ['--hostname', 'retrace']],
  ])('takes away %s', (_, words) => {
    expect(` ${wallArguments(BARE).join(' ')} `).toContain(` ${words.join(' ')} `)
  })

  it('never gives back what it has taken', () => {
    const all = wallArguments(FULL)
    for (const option of ['--share-net', '--cap-add', '--dev', '--proc', '--bind-try', '--unshare-user-try']) {
      expect(all).not.toContain(option)
    }
  })

  it('shows and lets be written what the sandbox names, and nothing else', () => {
    expect(valuesOf(wallArguments(BARE), '--ro-bind', 2)).toEqual([])
    expect(valuesOf(wallArguments(BARE), '--bind', 2)).toEqual([])
    expect(wallArguments(BARE)).not.toContain('--tmpfs')
    const words = wallArguments(FULL)
    expect(valuesOf(words, '--ro-bind', 2)).toEqual([['/a', '/x'], ['/b', '/x/y']])
    expect(valuesOf(words, '--bind', 2)).toEqual([['/c', '/z']])
    expect(valuesOf(words, '--dev-bind', 2)).toEqual([['/dev/null', '/dev/null']])
    expect(valuesOf(words, '--symlink', 2)).toEqual([['usr/lib', '/lib']])
    expect(valuesOf(words, '--size', 3)).toEqual([['4096', '--tmpfs', '/tmp']])
    expect(valuesOf(words, '--setenv', 2)).toEqual([
      ...[['PATH', '/usr/bin'], ['LC_ALL', 'C.UTF-8'], ['MORE', '1'], ['HOME', '/tmp']],
    ])
  })

  it('makes the root read-only once everything is in it', () => {
    expect(wallArguments(FULL).slice(-4)).toEqual(['--remount-ro', '/', '--chdir', '/z'])
    expect(wallArguments(BARE).slice(-4)).toEqual(['--remount-ro', '/', '--chdir', '/'])
  })

  it('refuses more than bubblewrap takes, and takes all up to there', () => {
    const links = (count: number) => Array.from({ length: count }, (_, n) => ({ path: `/${n}`, target: '/x' }))
    const base = wallArguments(BARE).length
    const most = Math.floor((9000 - base) / 3)
    expect(wallArguments({ ...BARE, links: links(most) }).length).toBeLessThanOrEqual(9000)
    expect(() => wallArguments({ ...BARE, links: links(most + 1) })).toThrow(/at most 9000 arguments, got/)
  })
})

describe('wallCommand()', () => {
  it('limits address space, processor time, files and descriptors, the soft limit below the hard one; no core', () => {
    const words = wallCommand(BARE, { args: 4, seccomp: 5, users: 6 })
    expect(words.slice(0, 9)).toEqual([
      ...[
        'prlimit',
        '--as=1000',
        '--cpu=10:15',
        '--fsize=0',
        '--nofile=64',
        '--nproc=7',
        '--core=0',
        '--msgqueue=0',
        '--',
      ],
    ])
    expect(words.slice(9)).toEqual([
      ...['bwrap', '--userns', '6', '--sync-fd', '6', '--args', '4', '--seccomp', '5', '--', '/usr/bin/cat', '--flag'],
    ])
  })
})

const FULL: Sandbox = {
  ...BARE,
  binds: [{ from: '/a', at: '/x' }, { from: '/b', at: '/x/y' }],
  links: [{ path: '/lib', target: 'usr/lib' }],
  writable: [{ from: '/c', at: '/z' }],
  devices: ['/dev/null'],
  tmpBytes: 4096,
  environment: { MORE: '1' },
  folder: '/z',
}
