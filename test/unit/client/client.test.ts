/** What `retrace` decides: without a server, a terminal or a core. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { answerText, folded, ranges } from '../../../src/client/answer.ts'
import { age, size } from '../../../src/client/about.ts'
import { readCommandLine } from '../../../src/client/command_line.ts'
import { consentOf } from '../../../src/client/consent.ts'
import { timeListed } from '../../../src/client/input.ts'
import { isOfThisMachine, parseOsRelease } from '../../../src/client/machine.ts'
import { forget, remember, sentTasks } from '../../../src/client/memory.ts'
import { lackOf, readOffer } from '../../../src/client/offer.ts'
import { isLoopback } from '../../../src/client/server.ts'
import { sentenceOf } from '../../../src/client/failure.ts'
import { readReport } from '../../../src/client/report.ts'
import { parseSettings } from '../../../src/client/settings.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { clientEnvironment } from '../../../src/config/client_environment.ts'

const frame = (level: number, name: string, path = '/usr/bin/program', more = {}) => ({
  level,
  function: name,
  file: `${name}.c`,
  line: 7,
  path,
  arguments: [{ name: 'x', value: '1' }],
  locals: [{ name: 'local', value: '2' }],
  ...more,
})

const REPORT = JSON.stringify({
  sentence: 'program read address 0x0 in main',
  threads: [
    { number: 1, lwp: 10, crashed: true, frames: [frame(0, 'raise', '/usr/lib/libc.so.6'), frame(1, 'main')] },
    ...[2, 3, 5].map((number) => ({
      number,
      lwp: 10 + number,
      frames: [frame(0, 'poll', '/usr/lib/libc.so.6'), frame(1, 'g_main_loop_run')],
    })),
    { number: 4, frames: [frame(0, 'other')] },
  ],
  languages: [{ language: 'python', stacks: [{ thread: 1, crashed: true, frames: [frame(0, 'script', '')] }] }],
  outcome: { summary: 'Missing: much.', next_step: 'Ask.' },
})

describe('the answer for eyes', () => {
  const report = readReport(REPORT)
  if (report === undefined) throw new Error('The report is none')

  it('has the crashed thread first, the scripts, threads with equal stacks folded, and what to do', () => {
    expect(answerText(report, { hasColor: false, isFull: false })).toBe(
      'program read address 0x0 in main\n\nThread 1 (LWP 10), which crashed:\n  #0  raise (x=1) at raise.c:7\n  #1  main (x=1) at main.c:7\n' +
        '\npython of Thread 1:\n  #0  script (x=1) at script.c:7\n' +
        '\n3 threads wait in g_main_loop_run (2-3, 5):\n  #0  poll (x=1) at poll.c:7\n  #1  g_main_loop_run (x=1) at g_main_loop_run.c:7\n' +
        '\nThread 4:\n  #0  other (x=1) at other.c:7\n\nMissing: much.\nAsk.\n',
    )
  })

  it('shows every thread with its local variables in full', () => {
    const text = answerText(report, { hasColor: false, isFull: true })
    expect(text.match(/^Thread \d/gm)).toHaveLength(5)
    expect(text).toContain('  #1  main (x=1) at main.c:7\n        local=2\n')
  })

  it('colours names and dims the machinery, and only where it is asked to', () => {
    const text = answerText(report, { hasColor: true, isFull: false })
    expect(text).toContain('\u001b[2m  #0  raise (x=1) at raise.c:7\u001b[0m')
    expect(text).toContain('\u001b[36mmain\u001b[0m')
  })

  it('tells stacks apart by function and place', () => {
    const stacks = report.threads.map((thread) => ({ ...thread, isCrashed: false }))
    expect(folded(stacks).map((group) => group.map(({ number }) => number))).toEqual([[1], [2, 3, 5], [4]])
  })

  it.each(['', '[]', '{"threads": []}', '{"threads": "x"}', 'null', '{'])('is no report: %j', (text) => {
    expect(readReport(text)).toBeUndefined()
  })

  it.each([
    [{ threads: [null, 7, { frames: 'x' }, { frames: [null, [], { arguments: {}, line: 'x', level: 1e400 }] }] }],
    [{ threads: [{}], languages: { stacks: 1 }, outcome: [], messages: 'x', sentence: 3 }],
  ])('leaves out what has another shape: %j', (value) => {
    const odd = readReport(JSON.stringify(value))
    expect(odd && answerText(odd, { hasColor: true, isFull: true })).toContain('Thread ?')
  })

  it('writes numbers of threads as ranges', () => {
    expect([ranges([]), ranges([4]), ranges([3, 1, 2, 9, 7, 8, 20])]).toEqual(['', '4', '1-3, 7-9, 20'])
  })
})

describe('the command line', () => {
  it.each([
    [['core'], 'retrace'],
    [['--last'], 'retrace'],
    [['-'], 'retrace'],
    [['--show', 'core'], 'show-what'],
    [
      ['list'],
      'list',
    ],
    [['show', '7'], 'show'],
    [['--', 'list'], 'retrace'],
    [['show'], 'retrace'],
    [['-h'], 'help'],
    [['--version'], 'version'],
  ])(
    '%j is %s',
    (words, kind) => expect(readCommandLine(words).kind).toBe(kind),
  )

  it.each([
    [[]],
    [['a', 'b']],
    [['--last', 'core']],
    [['--json', '--full', 'core']],
    [['--budget', 'x', 'core']],
    [['--color', 'blue', 'core']],
    [['show', 'x']],
    [['--nothing']],
    [['']],
  ])('%j is refused with a sentence', (words) => {
    expect(() => readCommandLine(words)).toThrow(/^[^\n]{10,200}$/)
  })
})

describe('the question', () => {
  it.each([['y', 'slim'], ['YES ', 'slim'], ['f', 'full'], ['s', 'show'], ['', 'no'], ['n', 'no'], ['yess', 'no'], [
    'x',
    'no',
  ]])(
    '%j means %s',
    (typed, meaning) => expect(consentOf(typed, { offersFull: true })).toBe(meaning),
  )

  it('offers no full core where nothing else is sent', () => {
    expect(consentOf('f', { offersFull: false })).toBe('no')
  })
})

describe('what a machine says of itself', () => {
  it('is its release, where it is one', () => {
    expect(parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n')).toEqual({
      id: 'debian',
      version: '12',
      name: 'Debian GNU/Linux 12 (bookworm)',
    })
    expect(parseOsRelease("ID='fedora'\nVERSION_ID=40\n")).toEqual({ id: 'fedora', version: '40' })
    expect(parseOsRelease('ID="../evil"\nVERSION_ID="1 2"\n')).toEqual({})
  })
})

describe('sizes and times', () => {
  it('are in words that people use', () => {
    expect([size(100), size(900_000), size(103 << 20)]).toEqual(['1 KB', '0.9 MB', '103.0 MB'])
    expect([age(1000), age(125_000), age(7_200_000), age(864_000_000)]).toEqual([
      '1 second ago',
      '2 minutes ago',
      '2 hours ago',
      '10 days ago',
    ])
  })
})

describe('the files of settings', () => {
  it('are below the home of the person, then the machine', () => {
    expect(clientEnvironment({ HOME: '/home/me', NO_COLOR: '1' })).toEqual({
      server: undefined,
      files: ['/home/me/.config/retrace/config', '/etc/retrace/client.conf'],
      stateFolder: '/home/me/.local/state/retrace',
      isPlain: true,
    })
    expect(clientEnvironment({}).stateFolder).toBeUndefined()
  })

  it('hold a server and certificates, and nothing that is misspelt', () => {
    expect([...parseSettings('# x\n\nserver=https://a\n ca = b\nserver = c', 'f')]).toEqual([['server', 'https://a'], [
      'ca',
      'b',
    ]])
    expect(() => parseSettings('\nserve = x\n', 'f')).toThrow(/^f, line 2: /)
  })
})

describe('threads that are folded', () => {
  const report = (name: string, offsets: string[]) =>
    readReport(JSON.stringify({
      threads: [
        { number: 1, crashed: true, frames: [frame(0, 'main')] },
        ...offsets.map((offset, index) => ({
          number: index + 2,
          frames: [{ ...frame(0, name, '/usr/lib/libx.so'), file: undefined, offset }],
        })),
      ],
    }))

  it('are those of the same places, where no function has a name', () => {
    const others = (offsets: string[]) => folded(report('??', offsets)?.threads.slice(1) ?? []).length
    expect([others(['0x1', '0x2']), others(['0x1', '0x1'])]).toEqual([2, 1])
  })

  it('wait where their system call does, and are in what else they are in', () => {
    const title = (name: string) => {
      const read = report(name, ['0x1', '0x1'])
      return read && answerText(read, { hasColor: false, isFull: false })
    }
    for (
      const name of [
        'poll',
        '__GI___poll',
        'epoll_wait',
        '__futex_abstimed_wait_common64',
        'pthread_cond_wait@@GLIBC_2.3.2',
      ]
    ) {
      expect(title(name)).toContain('2 threads wait in ')
    }
    for (const name of ['memcpy', 'g_main_loop_run', '??', 'pollen']) expect(title(name)).toContain('2 threads are in ')
  })
})

describe('what this machine is asked', () => {
  it('is about its own cores: most of what was loaded is installed here', () => {
    const times = (length: number) => Array.from({ length })
    expect(
      [[10, 0], [10, 1], [10, 4], [10, 5], [1, 1], [0, 0]].map(([all, here]) =>
        isOfThisMachine(times(all ?? 0), times(here ?? 0))
      ),
    )
      .toEqual([false, false, false, true, true, false])
  })

  it('is when a crash was that coredumpctl keeps', () => {
    const rows = '[{"time":1700000000000000,"pid":1},{"time":1700000060123456,"pid":2}]'
    expect(timeListed(rows)).toBe(1700000060123.456)
    for (const none of ['', '[]', 'TIME PID\n', '{"time":1}', '[{"time":"x"}]', '[null]']) {
      expect(timeListed(none)).toBeUndefined()
    }
  })
})

describe('what a server offers', () => {
  it('is what its JSON says, and little where it has none or none that makes sense', () => {
    const whole = {
      supported_formats: ['application/x-xz'],
      slim_cores: true,
      kept_back: true,
      more_memory: { max_rounds: 3, max_size: 1048576, max_wait: 60 },
      resumable: { draft: 'x', interop_version: 8 },
    }
    const offer = readOffer(JSON.stringify(whole), 'application/json')
    expect(offer).toEqual({
      types: new Set(['application/x-xz']),
      takesSlim: true,
      knowsKeptBack: true,
      rounds: 3,
      isResumable: true,
    })
    const rounds = (max_rounds: unknown) =>
      readOffer(JSON.stringify({ ...whole, more_memory: { max_rounds } }), 'application/json').rounds
    expect([1000, 2, 0, -1, 1.5, '3', null].map(rounds)).toEqual([3, 2, 0, 0, 0, 0, 0])
    expect(lackOf(offer)).toBeUndefined()
    const nothing = { takesSlim: false, knowsKeptBack: false, rounds: 0, isResumable: false }
    const old = readOffer('running_tasks 1\nsupported_formats a/b c/d\n', 'text/plain; charset=utf-8')
    expect(old).toEqual({ types: new Set(['a/b', 'c/d']), ...nothing })
    expect(lackOf(old)).toMatch(/^The server is an older one: it takes whole cores only.*; it cannot go on/)
    for (const none of ['', '[', '7', 'null', '{"supported_formats": [1], "slim_cores": 1, "resumable": 8}']) {
      expect(readOffer(none, 'application/json')).toEqual({ types: undefined, ...nothing })
    }
    expect(readOffer(JSON.stringify({ ...whole, resumable: { interop_version: 9 } }), 'application/json').isResumable)
      .toBe(false)
  })

  it('is asked without a proxy on this machine alone', () => {
    expect(['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]'].filter((each) => !isLoopback(each))).toEqual(
      [],
    )
    expect(['localhost.example', '127.0.0.1.example', '10.0.0.1', '[::2]', 'x'].filter(isLoopback)).toEqual([])
  })
})

describe('the list of what was sent', () => {
  const task = (id: string) => ({ id, password: 'p', server: 's', time: 1, about: 'x' })

  it('loses none of those that many programs write at once, and outlives one that died with the lock', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('tasks.lock'), '')
    utimesSync(folder.file('tasks.lock'), 1, 1)
    expect(remember(folder.path, task('1'))).toBeUndefined()
    const code = `const { remember } = await import(${
      JSON.stringify(new URL('../../../dist/src/client/memory.js', import.meta.url).href)
    });
      for (let i = 0; i < 20; i++) remember(process.argv[1], { id: process.argv[2] + i, password: 'p', server: 's', time: 1, about: 'x' })`
    const ends = ['2', '3', '4'].map((id) =>
      once(spawn('node', ['--input-type=module', '-e', code, folder.path, id]), 'exit')
    )
    expect((await Promise.all(ends)).map(([exit]) => exit)).toEqual([0, 0, 0])
    expect(sentTasks(folder.path)).toHaveLength(61)
    forget(folder.path, task('1'))
    expect(sentTasks(folder.path)).toHaveLength(60)
    expect(readdirSync(folder.path)).toEqual(['tasks'])
  })
})

it('what the system refuses is a sentence that says what to do', () => {
  const error = (code: string, path?: string) =>
    Object.assign(new Error(`${code}: raw, open 'x'`), { code, ...(path && { path }) })
  expect(sentenceOf(error('ENOSPC'))).toMatch(/^There is no space left in .* TMPDIR \(ENOSPC\)$/)
  expect(sentenceOf(error('EACCES', '/x/core'))).toBe('/x/core cannot be used (EACCES)')
  expect(sentenceOf(error('EACCES'))).toMatch(/TMPDIR$/)
  expect(sentenceOf(error('EIO', '/x'))).toBe('/x cannot be used (EIO)')
  expect(sentenceOf(error('ERR_X'))).toContain('raw')
})
