/** The code and the advice that each reason calls for, and the sentence that is made of it last of all. */
import { describe, expect, it, vi } from 'vitest'
import { type Advice, adviceText, type OutcomeCode } from '../../../src/task/outcome.ts'
import { judge } from '../../../workers/retrace/outcome/judge.ts'
import type { Lack, LackKind } from '../../../workers/retrace/outcome/lack.ts'
import type { Loss } from '../../../workers/retrace/outcome/loss.ts'
import type { Reason } from '../../../workers/retrace/outcome/reason.ts'
import { outcomeOf } from '../../../workers/retrace/words/outcome.ts'

const shown = { frames: 3, threads: 1, isNamed: true }
const file = { path: '/usr/bin/p', tried: ['no package has it'], isNameable: false }
const lack = (kind: LackKind): Lack => ({
  kind,
  path: '/usr/lib/a.so',
  package: 'a_1_amd64',
  isGone: false,
  isNameable: false,
  isUnproven: kind === 'by-path',
})
const CUT_OFF = { kind: 'cut-off', missingBytes: 7n, segments: 1, parts: [] } as const
const NO_STACKS: Loss = { kind: 'no-stacks', threads: 1, of: 2 }
const NO_VALUES: Loss = { kind: 'no-values', frames: 5 }
const NO_THREADS: Loss = { kind: 'no-threads', threads: 3, of: 4, why: 'text-full' }
const lost = (threads: number[]) => ({ kind: 'no-frames' as const, cause: 'ended' as const, why: 'SIGSEGV', threads })
const partial = (lacks: Lack[], losses: Loss[]): Reason => ({ kind: 'partial', shown, lacks, losses })

const ROWS: [Reason, OutcomeCode, RegExp, Advice?][] = [
  [{ kind: 'complete', shown }, 'ok', /^3 frames of 1 thread, complete\.$/],
  [{ kind: 'unreadable', code: 'not-elf', detail: 'it is text' }, 'core-not-elf', /cannot be read: it is text\.$/],
  [{ kind: 'unreadable', code: 'not-core', detail: 'x' }, 'core-not-elf', /x/],
  [{ kind: 'unreadable', code: 'malformed', detail: 'x' }, 'core-not-elf', /x/],
  [{ kind: 'unreadable', code: 'unsupported', detail: 'x' }, 'core-unsupported-arch', /x/],
  [{ kind: 'unreadable', code: 'truncated', detail: 'x' }, 'core-truncated', /x/],
  [
    { kind: 'unknown-machine', machine: 9, bits: 64, littleEndian: false },
    'core-unsupported-arch',
    /e_machine 9, 64 bits, big-endian/,
  ],
  [{ kind: 'no-threads' }, 'core-empty', /no thread/],
  [{ kind: 'cut-before-threads', missingBytes: 7n }, 'core-truncated', /7 bytes/],
  [{ kind: 'out-of-memory', detail: 'gdb held 5 GB', shown }, 'out-of-memory', /5 GB\. What came before is here: 3/],
  [
    { kind: 'fetching-late', shown: { ...shown, isNamed: false } },
    'fetch-timeout',
    /Fetching .*\. No frame has a name\.$/,
  ],
  [{ kind: 'debugger-late', detail: 'no answer', shown }, 'debugger-timeout', /out of time: no answer\. What/],
  [{ kind: 'debugger-late', detail: undefined, shown }, 'debugger-timeout', /out of time\. What/],
  [{ kind: 'debugger-died', detail: 'SIGSEGV', shown }, 'debugger-failed', /SIGSEGV/],
  [{ kind: 'no-debugger', rejected: [] }, 'debugger-failed', /no debugger/],
  [{ kind: 'no-debugger', rejected: ['gdb does not', 'nor does gdb 16'] }, 'debugger-failed', /not\. nor/],
  [{ kind: 'core-cut-off', loss: CUT_OFF }, 'core-truncated', /^The core is cut off: 7 bytes of 1 segment are missing/],
  [{ kind: 'stacks-not-dumped', lacks: [], losses: [NO_STACKS] }, 'core-truncated', /stacks: the core does not hold/],
  [
    { kind: 'frames-astray', lacks: [], losses: [NO_VALUES] },
    'debugger-failed',
    /^No frame lies in a function: the values/,
    'see-rest-in-debugger',
  ],
  [
    { kind: 'program-missing', why: 'unknown', ...file, isNameable: true },
    'package-not-found',
    /not found/,
    'name-packages',
  ],
  [{ kind: 'release-unknown' }, 'release-unknown', /release/],
  [{ kind: 'program-missing', why: 'unknown', ...file }, 'package-not-found', /^\/usr\/bin\/p was not found: no/],
  [{ kind: 'program-missing', why: 'gone', ...file }, 'package-gone-upstream', /not found/],
  [{ kind: 'program-missing', why: 'unfetched', ...file }, 'fetch-failed', /not found/],
  [
    { kind: 'program-missing', why: 'unknown', path: '', tried: [], isNameable: false },
    'package-not-found',
    /^The program .*here has it/,
  ],
  [
    { kind: 'debuginfo-missing', why: 'unknown', ...file },
    'debuginfo-missing',
    /debuginfo of \/usr\/bin\/p is missing/,
  ],
  [{ kind: 'debuginfo-missing', why: 'gone', ...file }, 'package-gone-upstream', /debuginfo/],
  [{ kind: 'debuginfo-missing', why: 'unfetched', ...file }, 'fetch-failed', /debuginfo/],
  [{ kind: 'worker-failed', detail: 'EIO' }, 'internal', /failed: EIO\.$/],
  [
    { kind: 'no-database', detail: 'SQLITE_IOERR' },
    'database-unavailable',
    /RETRACE_DATABASE\) cannot be used: SQLITE_IOERR\.$/,
  ],
  [{ kind: 'disk-full' }, 'disk-full', /disk of the server is full/],
  [{ kind: 'server-unfit', detail: 'no bwrap' }, 'server-unfit', /lacks something that it needs: no bwrap\.$/],
  [{ kind: 'core-not-read' }, 'internal', /not read/],
]

const PARTIAL: [Lack[], Loss[], Advice[], RegExp][] = [
  [[lack('not-found')], [], ['ok-partial'], /a\.so \(a_1_amd64\): not found\.$/],
  [[{ ...lack('not-found'), isGone: true }], [], ['ok-partial'], /not found, gone upstream/],
  [[lack('other-builds')], [], ['ok-partial'], /other builds/],
  [[lack('no-debuginfo')], [], ['ok-partial'], /no debuginfo/],
  [[lack('no-dwz-file')], [], ['ok-partial'], /dwz/],
  [
    [{ ...lack('no-debuginfo'), isUnproven: true }],
    [],
    ['ok-partial', 'name-packages'],
    /a\.so \(a_1_amd64\): taken by its path, since the core holds no build-id of it, and no debuginfo\.$/,
  ],
  [[{ ...lack('not-found'), isNameable: true }], [], ['name-packages'], /not found/],
  [
    [],
    [{ kind: 'no-threads', threads: 1, of: 4, why: 'late' }],
    ['debugger-timeout'],
    /1 of 4 threads is not shown, since the time was over/,
  ],
  [[lack('unreadable')], [], ['report-damage'], /its file is damaged/],
  [
    [{
      ...lack('damaged'),
      damage: { why: 'Dwarf Error: x', splitFiles: ['a.dwo'], isLeftOut: true, isUnread: false },
    }],
    [],
    ['report-damage'],
    /debuginfo damaged \(Dwarf Error: x\); its debuginfo leans on a\.dwo, which no package has\.$/,
  ],
  [
    [{
      ...lack('no-split-files'),
      damage: { why: undefined, splitFiles: ['a.dwo', 'b', 'c', 'd', 'e'], isLeftOut: false, isUnread: false },
    }],
    [],
    ['report-damage'],
    /its debuginfo leans on a\.dwo, b, c and 2 more, of which no package has any, so arguments and locals are lost\.$/,
  ],
  [[lack('by-path')], [], ['name-packages'], /by its path/],
  [[], [lost([6])], ['debugger-failed'], /frames of thread 6 are missing, since gdb ended over them \(SIGSEGV\)/],
  [[], [lost([2, 4, 5])], ['debugger-failed'], /frames of the threads 2, 4 and 5 are missing/],
  [[], [lost([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])], ['debugger-failed'], /the threads 1, 2, 3, 4, 5, 6, 7, 8 and 2 more/],
  [
    [],
    [{ ...lost([6]), kind: 'no-thread-values', cause: 'hung' }],
    ['debugger-failed'],
    /values of thread 6 .*not come/,
  ],
  [
    [],
    [{ kind: 'no-single-values', values: 1, threads: [2], why: 'internal-error: x' }],
    ['debugger-failed'],
    /1 value of thread 2 could not be read, since gdb failed over it \(internal-error: x\)/,
  ],
  [
    [],
    [{ kind: 'no-detail', what: 'the registers', cause: 'ended', why: 'SIGSEGV' }],
    ['debugger-failed'],
    /over the registers \(SIGSEGV\)/,
  ],
  [
    [],
    [{ kind: 'no-detail', what: 'the registers', cause: 'memory', why: '600 MB' }],
    ['out-of-memory'],
    /over the registers \(600 MB\)/,
  ],
  [
    [],
    [{ ...lost([6]), cause: 'memory', why: '600 MB' }],
    ['out-of-memory'],
    /frames of thread 6 are missing, since gdb reached the limit of memory over them \(600 MB\)/,
  ],
  [
    [],
    [{ ...lost([6]), cause: 'overflow', why: '201 MB' }, lost([7])],
    ['debugger-failed', 'see-rest-in-debugger'],
    /frames of thread 6 are missing, since gdb said too much of them \(201 MB\)/,
  ],
  [[lack('by-path'), lack('not-found')], [], ['ok-partial', 'name-packages'], /by its path.*; a\.so .*not found/],
  [
    [],
    [{ kind: 'longer-stacks', threads: 1, thread: 1, frames: 2048 }],
    ['see-rest-in-debugger'],
    /the stack of thread 1 is longer than the 2048 frames that are shown\.$/,
  ],
  [
    [],
    [{ kind: 'broken-stacks', threads: 2, thread: 1, level: 4, address: 0x41n }],
    ['see-rest-in-debugger'],
    /of thread 1 ends at frame 4, which would return to 0x41, where nothing can run, and 1 more stack ends so/,
  ],
  [
    [],
    [{ kind: 'stopped-stacks', threads: 1, thread: 1, level: 4, why: 'corrupt stack?', hasDebuginfo: true }],
    ['see-rest-in-debugger'],
    /the stack of thread 1 ends at frame 4: corrupt stack\?\.$/,
  ],
  [
    [],
    [{ kind: 'untold-ends', threads: 3, thread: 1, level: 4, why: '', hasDebuginfo: true }],
    ['see-rest-in-debugger'],
    /ends at frame 4, of which no unwind information tells who called it, and 2 more stacks end so\.$/,
  ],
  [
    [lack('no-debuginfo')],
    [{ kind: 'untold-ends', threads: 1, thread: 1, level: 4, why: '', hasDebuginfo: false }],
    ['ok-partial'],
    /no debuginfo; the stack of thread 1 ends at frame 4, of which no/,
  ],
  [
    [],
    [{
      kind: 'outside-files',
      frames: 4,
      threads: 1,
      isCrashed: true,
      thread: 1,
      level: 3,
      toTheEnd: true,
      path: undefined,
    }],
    ['see-rest-in-debugger'],
    /frame 3 on is in memory of no file \(generated or unloaded code\) \(4 frames\)\.$/,
  ],
  [
    [],
    [{
      kind: 'nameless',
      frames: 4,
      threads: 2,
      isCrashed: false,
      thread: 7,
      level: 3,
      toTheEnd: true,
      path: '/lib/a.so',
    }],
    ['see-rest-in-debugger'],
    /4 frames of 2 threads have no name, although the debuginfo of a\.so is here; the first is frame 3 of thread 7\.$/,
  ],
  [[], [CUT_OFF], ['core-truncated'], /the core is cut off.*, so some memory is unavailable/],
  [[], [NO_STACKS, CUT_OFF], ['core-truncated'], /stacks of 1 of 2 threads/],
  [[], [NO_VALUES], ['raise-backtrace-limit'], /values of 5 frames/],
  [[], [NO_THREADS], ['raise-backtrace-limit'], /3 of 4 threads/],
  [
    [lack('no-debuginfo')],
    [NO_VALUES, CUT_OFF],
    ['ok-partial', 'core-truncated', 'raise-backtrace-limit'],
    /no debuginfo; the values/,
  ],
]

/** With names for the titles in front. */
const named = ROWS.map(([reason, code, summary, advice = code]) =>
  [reason.kind, code, reason, summary, advice] as const
)
const namedPartial = PARTIAL.map((row) => [[...row[0], ...row[1]].map(({ kind }) => kind).join(', '), ...row] as const)

describe('judge()', () => {
  it.each(named)('takes %s for %s, and advises what is best for that', (_, code, reason, __, advice) => {
    expect(judge(reason)).toEqual({ code, advice: [advice] })
  })

  it.each(namedPartial)('advises each thing once that helps with what is missing: %s', (_, lacks, losses, advice) => {
    expect(judge(partial(lacks, losses))).toEqual({ code: 'ok-partial', advice })
  })
})

describe('outcomeOf()', () => {
  it('says of nameless stacks which files are unproven or damaged, and what to do about those first', () => {
    const outcome = (kind: 'frames-astray' | 'stacks-not-dumped') =>
      outcomeOf({ kind, lacks: [lack('by-path'), lack('unreadable')], losses: [NO_STACKS] })
    expect(outcome('frames-astray')).toEqual({
      code: 'debugger-failed',
      summary: expect.stringMatching(
        /^No frame .*: a\.so .*by its path.*; a\.so .*is damaged.*; the core does not hold/,
      ),
      next_step: adviceText(['report-damage', 'name-packages', 'see-rest-in-debugger']),
    })
    expect(outcome('stacks-not-dumped')).toEqual({
      code: 'core-truncated',
      summary: expect.stringMatching(/stacks: a\.so .*by its path/),
      next_step: adviceText(['report-damage', 'name-packages', 'core-truncated']),
    })
  })

  it.each(named)('says in a sentence what happened: %s, %s', (_, code, reason, summary, advice) => {
    expect(outcomeOf(reason)).toEqual({
      code,
      summary: expect.stringMatching(summary),
      next_step: adviceText([advice]),
    })
  })

  it.each(namedPartial)('says what is missing: %s', (_, lacks, losses, __, summary) => {
    expect(outcomeOf(partial(lacks, losses)).summary).toMatch(summary)
  })

  it('names eight modules, and counts the others', () => {
    const { summary } = outcomeOf(partial(Array.from({ length: 11 }, () => lack('no-debuginfo')), []))
    expect(summary.match(/no debuginfo/g)).toHaveLength(8)
    expect(summary).toContain('; 3 more modules.')
  })

  it('outcomeOf() makes a line without control characters, whatever the files of a core are called', () => {
    const path = `/a\u001b[31m\nreport: ok${'b'.repeat(5000)}`
    const { summary } = outcomeOf({ kind: 'program-missing', why: 'unknown', path, tried: [], isNameable: false })
    expect(summary).toMatch(/^\/a\\x1b\[31m\\x0areport: okb+\.\.\.$/)
    expect(summary.length).toBeLessThan(1100)
  })

  it('outcomeOf() gives the same code and advice, however losses and lacks are worded', async () => {
    const before = PARTIAL.map(([lacks, losses]) => outcomeOf(partial(lacks, losses)))
    vi.resetModules()
    vi.doMock('../../../workers/retrace/words/lack.ts', () => ({ lackText: () => 'the core was taken by its path' }))
    vi.doMock(
      '../../../workers/retrace/words/loss.ts',
      () => ({ lossText: () => 'no debuginfo', cutOffText: () => '' }),
    )
    const reworded = await import('../../../workers/retrace/words/outcome.ts')
    const after = PARTIAL.map(([lacks, losses]) => reworded.outcomeOf(partial(lacks, losses)))
    vi.doUnmock('../../../workers/retrace/words/lack.ts')
    vi.doUnmock('../../../workers/retrace/words/loss.ts')
    expect(after.map(({ summary }) => summary)).not.toEqual(before.map(({ summary }) => summary))
    const rest = (all: typeof before) => all.map(({ code, next_step }) => ({ code, next_step }))
    expect(rest(after)).toEqual(rest(before))
  })
})
