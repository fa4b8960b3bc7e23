/** What `retrace` decides: without a server, a terminal or a core. */
import { describe, expect, it } from 'vitest'
import { answerText, folded, ranges } from '../../../src/client/answer.ts'
import { age, size } from '../../../src/client/about.ts'
import { readCommandLine } from '../../../src/client/command_line.ts'
import { consentOf } from '../../../src/client/consent.ts'
import { parseOsRelease } from '../../../src/client/machine.ts'
import { readReport } from '../../../src/client/report.ts'
import { parseSettings } from '../../../src/client/settings.ts'
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
