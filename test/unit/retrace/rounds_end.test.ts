/** Which of a task's runs its result is of, where each had more memory than the one before. Real tasks on a real disk. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { setAside } from '../../../src/task/rounds.ts'
import type { OutcomeCode } from '../../../src/task/outcome.ts'
import { Task } from '../../../src/task/task.ts'
import { deliver, isWorseThanBefore, keepAside } from '../../../workers/retrace/deliver.ts'
import { journal } from '../../../workers/retrace/journal.ts'
import type { Report } from '../../../workers/retrace/report.ts'
import { Stopwatch } from '../../../workers/retrace/time/stopwatch.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const RANGES = [{ start: 0x1000n, length: 512 }]

/** `json`: bytes of backtrace.json. */
function reportOf(name: string, code: OutcomeCode, hasBacktrace = true, json = 0): Report {
  const outcome = { code, summary: `${name}.`, next_step: 'None.' }
  return {
    outcome,
    hasBacktrace,
    files: [
      ...(json > 0 ? [['backtrace.json', 'x'.repeat(json)] as ['backtrace.json', string]] : []),
      ...(hasBacktrace ? [['backtrace', `${name}\n`] as ['backtrace', string]] : []),
      [
        'outcome.json',
        JSON.stringify(outcome),
      ],
    ],
  }
}

function tools(minFreeMb = 0) {
  return { said: journal({ out: () => undefined, err: () => undefined }), watch: new Stopwatch(), minFreeMb }
}

/** A task with a result aside, which this one ends. */
async function ended(folder: string, before: Report, report: Report, minFreeMb = 0): Promise<string | undefined> {
  mkdirSync(folder)
  const task = new Task(folder)
  writeFileSync(task.file('coredump'), 'core')
  await setAside(task, [...before.files, ['retrace-log', 'before\n']], { round: 1, rounds: 3, ranges: RANGES })
  await deliver(task, report, tools(minFreeMb))
  expect(readdirSync(folder).filter((each) => /aside|wanted|coredump|partial/.test(each))).toEqual([])
  return task.text('backtrace')
}

describe('a task whose run had more memory than the one before', () => {
  it('has the result of that before where the later one shows nothing, or came to no end', async () => {
    await using folder = await temporaryFolder()
    const [ok, partial] = [reportOf('before', 'ok'), reportOf('before', 'ok-partial')]
    const late = ['debugger-timeout', 'debugger-failed', 'out-of-memory', 'fetch-timeout', 'internal'] as const
    const cases: [string, Report, Report][] = [
      ...late.flatMap((code): [string, Report, Report][] => [
        ['before\n', ok, reportOf('later', code)],
        ['before\n', partial, reportOf('later', code)],
        // Neither came to its end: the later one had more.
        ['later\n', reportOf('before', 'debugger-timeout'), reportOf('later', code)],
      ]),
      ['before\n', reportOf('before', 'debugger-timeout'), reportOf('later', 'debugger-failed', false)],
      ['later\n', ok, reportOf('later', 'ok')],
      ['later\n', ok, reportOf('later', 'ok-partial')],
      ['later\n', reportOf('before', 'debugger-timeout'), reportOf('later', 'ok-partial')],
      ['later\n', reportOf('before', 'debuginfo-missing', false), reportOf('later', 'debugger-timeout')],
    ]
    for (const [at, [expected, before, report]] of cases.entries()) {
      const name = `${before.outcome.code} ${report.outcome.code}`
      expect([name, await ended(folder.file(String(at)), before, report)]).toEqual([name, expected])
    }
  })

  it('has the result of that before where the disk, fuller meanwhile, has no room for all of the later one', async () => {
    await using folder = await temporaryFolder()
    const full = 2 ** 40
    const large = 2 * 2 ** 20
    const later = reportOf('later', 'ok', true, large)
    const [small, timeout, cut] = [
      reportOf('before', 'ok', true, 9),
      reportOf('before', 'debugger-timeout', true, 9),
      'a line\n'.repeat(large / 7),
    ]
    const long: Report = { ...later, files: [['backtrace', cut], ['outcome.json', '{}']] }
    const cases: [string, Report, Report, number?][] = [
      ['before\n', small, later, full],
      ['before\n', small, long, full],
      ['before\n', timeout, reportOf('later', 'debugger-timeout', true, large), full],
      // There is room.
      ['later\n', small, later],
      ['later\n', small, reportOf('later', 'ok', true, 10), full],
      // What is left out the one before lacks, too.
      ['later\n', reportOf('before', 'ok'), later, full],
      ['later\n', reportOf('before', 'debuginfo-missing', false, 9), later, full],
      // It came to no end, and the later one did.
      ['later\n', timeout, later, full],
    ]
    for (const [at, [expected, before, report, minFreeMb]] of cases.entries()) {
      const name = folder.file(String(at))
      expect([at, await ended(name, before, report, minFreeMb)]).toEqual([at, expected])
      const isBefore = expected === 'before\n'
      const log = readFileSync(new Task(name).file('retrace-log'), 'utf8')
      expect([at, /\(RETRACE_MIN_FREE_MB\); .* This is the result of the run before\.\n$/.test(log)]).toEqual([
        at,
        isBefore,
      ])
      if (isBefore) expect(readFileSync(new Task(name).file('backtrace.json'), 'utf8')).toBe('x'.repeat(9))
    }
  })

  it('asks for nothing more after a worse run, which would be kept as the best one', async () => {
    await using folder = await temporaryFolder()
    const task = new Task(folder.path)
    expect(isWorseThanBefore(task, reportOf('first', 'debugger-failed', false))).toBe(false)
    const files = reportOf('before', 'ok').files
    await setAside(task, [...files, ['retrace-log', 'x\n']], { round: 1, rounds: 3, ranges: RANGES })
    expect(isWorseThanBefore(task, reportOf('later', 'debugger-failed', false))).toBe(true)
    expect(isWorseThanBefore(task, reportOf('later', 'ok'))).toBe(false)
  })
})

describe('a result that the disk does not take aside', () => {
  it('is the end of the task, and nothing of what was begun is there', async ({ skip }) => {
    await using folder = await temporaryFolder()
    // A file system with room for a few files alone.
    const place = folder.file('place')
    mkdirSync(place)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=6', 'tmpfs', place])
    if (mounted.status !== 0) skip('nothing can be mounted here')
    try {
      const task = new Task(place)
      writeFileSync(task.file('coredump'), 'core')
      const wanted = { round: 1, rounds: 3, ranges: RANGES }
      expect(await keepAside(task, reportOf('first', 'ok'), { ...tools(), wanted })).toBe(false)
      expect(readdirSync(place)).toEqual(['coredump'])
      await deliver(task, reportOf('first', 'ok'), tools())
      expect(readFileSync(task.file('backtrace'), 'utf8')).toBe('first\n')
      expect(existsSync(task.file('coredump'))).toBe(false)
    } finally {
      spawnSync('umount', ['-l', place])
    }
  })
})
