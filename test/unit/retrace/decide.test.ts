/** Why a task ended, by what its steps found: a row for each cause, in the order in which they are looked for. */
import { describe, expect, it } from 'vitest'
import { decide, type Facts } from '../../../workers/retrace/outcome/decide.ts'
import { type LackKind, lackOf, lacksOf } from '../../../workers/retrace/outcome/lack.ts'
import { type Clock, lateStep } from '../../../workers/retrace/outcome/late.ts'
import { type Loss, lossesOf } from '../../../workers/retrace/outcome/loss.ts'
import type { Reason } from '../../../workers/retrace/outcome/reason.ts'
import type { ReportThread } from '../../../workers/retrace/report/frames.ts'
import type { ResolvedModule } from '../../../workers/retrace/resolve/resolve.ts'
import { KEPT_FILE, reportThread, resolvedModule, WHOLE_CORE } from '../../helpers/report_parts.ts'

const missing = resolvedModule({
  status: 'missing',
  binary: undefined,
  debug: undefined,
  tried: ['no package has it'],
})
const stripped = resolvedModule({ status: 'no-debuginfo', debug: undefined, tried: ['p has no debuginfo package'] })
const CUT_OFF: Loss = { kind: 'cut-off', missingBytes: 7n, segments: 1, parts: [] }
const SHOWN = { frames: 1, threads: 1, isNamed: true }
const NAMELESS = { threads: [reportThread(undefined, missing)], modules: [missing] }

const LACK = { path: '/usr/bin/p', package: 'p_1.0_amd64', isGone: false, isNameable: false, isUnproven: false }
const UNREAD = { why: undefined, splitFiles: [], isLeftOut: false, isUnread: true }
const COUNTED = { frames: 1, threads: 1, isCrashed: true, thread: 1, level: 0, toTheEnd: false, path: undefined }
const CORE_WITH_MEMORY = {
  ...WHOLE_CORE,
  segments: [{ start: 0x8000n, memorySize: 0x1000n, fileOffset: 0n, fileSize: 0n, dumped: 0n, flags: 5 }],
}

/** A thread of one frame outside of all modules. */
function astray(pc: bigint): ReportThread {
  const thread = reportThread(undefined, resolvedModule())
  return { ...thread, frames: thread.frames.map((frame) => ({ ...frame, pc, module: undefined, trust: 'no-symbols' })) }
}

function decideOn(change: Partial<Facts>): Reason {
  return decide({
    modules: [resolvedModule()],
    release: 'debian-12-amd64',
    threads: [reportThread('f', resolvedModule())],
    end: undefined,
    rejected: [],
    ranOutOfTime: undefined,
    losses: [],
    ...change,
  })
}

describe('decide()', () => {
  it.each<[string, Partial<Facts>, Partial<Reason>]>([
    ['everything is there', {}, { kind: 'complete', shown: SHOWN }],
    [
      'a frame lacks debuginfo',
      { threads: [reportThread('f', stripped)] },
      {
        kind: 'partial',
        lacks: [{
          kind: 'no-debuginfo',
          path: '/usr/bin/p',
          package: 'p_1.0_amd64',
          isGone: false,
          isNameable: false,
          isUnproven: false,
        }],
        losses: [],
      },
    ],
    ['a module without a frame is missing', { modules: [resolvedModule(), missing] }, { kind: 'complete' }],
    [
      'text was cut',
      { losses: [{ kind: 'no-values', frames: 5 }] },
      { kind: 'partial', lacks: [], losses: [{ kind: 'no-values', frames: 5 }] },
    ],
    [
      'gdb took too much memory',
      { end: { kind: 'memory', detail: 'gdb held 5 GB' }, ranOutOfTime: 'fetch', ...NAMELESS },
      { kind: 'out-of-memory', detail: 'gdb held 5 GB', shown: { frames: 1, threads: 1, isNamed: false } },
    ],
    [
      'fetching took too long',
      { ranOutOfTime: 'fetch', threads: [reportThread('f', stripped)] },
      { kind: 'fetching-late' },
    ],
    ['fetching took too long for what no frame needs', { ranOutOfTime: 'fetch' }, { kind: 'complete' }],
    ['gdb hung', { end: { kind: 'timeout', detail: 'no answer' } }, { kind: 'debugger-late', detail: 'no answer' }],
    ['the deadline came', { ranOutOfTime: 'debug' }, { kind: 'debugger-late', detail: undefined }],
    ['gdb crashed', { end: { kind: 'exit', detail: 'SIGSEGV' } }, { kind: 'debugger-died', detail: 'SIGSEGV' }],
    [
      'all engines ended before they had opened the core',
      { threads: [], end: { kind: 'exit', detail: 'SIGSEGV' }, rejected: ['gdb did not open it', 'nor did gdb 16'] },
      { kind: 'no-debugger', rejected: ['gdb did not open it', 'nor did gdb 16'] },
    ],
    [
      'an engine was late to open the core, when another one had not understood it',
      { threads: [], end: { kind: 'timeout', detail: 'not in 3 s' }, rejected: ['gdb does not understand it'] },
      { kind: 'debugger-late', detail: 'not in 3 s' },
    ],
    ['gdb said too much', { end: { kind: 'overflow', detail: '1 GB' } }, { kind: 'debugger-died', detail: '1 GB' }],
    ['we ended gdb ourselves', { end: { kind: 'closed', detail: 'closed' } }, { kind: 'complete' }],
    [
      'no engine understood the core',
      { threads: [], rejected: ['gdb does not'] },
      { kind: 'no-debugger', rejected: ['gdb does not'] },
    ],
    [
      'nothing is named, the core is cut',
      { ...NAMELESS, release: undefined, losses: [{ kind: 'no-stacks', threads: 1, of: 1 }, CUT_OFF] },
      { kind: 'core-cut-off', loss: CUT_OFF },
    ],
    [
      'nothing is named although all files are here',
      { threads: [reportThread(undefined, resolvedModule())], losses: [{ kind: 'no-stacks', threads: 1, of: 1 }] },
      { kind: 'stacks-not-dumped', lacks: [], losses: [{ kind: 'no-stacks', threads: 1, of: 1 }] },
    ],
    [
      'nothing is named, the core is cut, but not in a stack',
      { ...NAMELESS, losses: [CUT_OFF] },
      { kind: 'program-missing' },
    ],
    [
      'nothing is named, and what is cut off would have told which program it is',
      {
        ...NAMELESS,
        modules: [{ ...missing, module: { ...missing.module, buildId: undefined } }],
        losses: [CUT_OFF],
      },
      { kind: 'core-cut-off' },
    ],
    [
      'nothing is named although all files and stacks are here',
      { threads: [astray(0x41n)], losses: [] },
      { kind: 'frames-astray', lacks: [], losses: [] },
    ],
    [
      'nothing is named, and nothing proves that the program is the right one',
      { threads: [reportThread(undefined, resolvedModule({ status: 'by-path' }))] },
      { kind: 'frames-astray', lacks: [{ ...LACK, kind: 'by-path', isUnproven: true }] },
    ],
    [
      'nothing is named, since gdb does not take the file of the program',
      { threads: [reportThread(undefined, resolvedModule({ damage: UNREAD }))] },
      { kind: 'frames-astray', lacks: [{ ...LACK, kind: 'unreadable', damage: UNREAD }] },
    ],
    [
      'nothing is named, since all frames are in a library that is missing',
      { threads: [reportThread(undefined, { ...missing, module: { ...missing.module, path: '/lib/a.so' } })] },
      { kind: 'program-missing', path: '/lib/a.so' },
    ],
    [
      'nothing is named, the program has no build-id, and no package was named',
      {
        ...NAMELESS,
        modules: [{ ...missing, module: { ...missing.module, buildId: undefined }, isNameable: true }],
      },
      { kind: 'program-missing', isNameable: true },
    ],
    ['nothing is named, nobody knows the release', { ...NAMELESS, release: undefined }, { kind: 'release-unknown' }],
    [
      'nothing is named, the program is unknown',
      NAMELESS,
      { kind: 'program-missing', path: '/usr/bin/p', why: 'unknown', tried: ['no package has it'] },
    ],
    [
      'nothing is named, the program is gone upstream',
      { ...NAMELESS, modules: [{ ...missing, gone: 'p_1.0_amd64' }] },
      { kind: 'program-missing', why: 'gone' },
    ],
    [
      'nothing is named, the program could not be fetched',
      { ...NAMELESS, modules: [{ ...missing, unfetched: 'p_1.0_amd64' }] },
      { kind: 'program-missing', why: 'unfetched' },
    ],
    [
      'nothing is named, the core names the vdso alone, which no package has',
      {
        ...NAMELESS,
        modules: [
          resolvedModule({
            module: { ...missing.module, kind: 'vdso', path: '[vdso]' },
            status: 'not-applicable',
            binary: undefined,
            debug: undefined,
          }),
        ],
      },
      { kind: 'program-missing', path: '' },
    ],
    [
      'nothing is named, the core names no module',
      { ...NAMELESS, modules: [] },
      { kind: 'program-missing', path: '', why: 'unknown', tried: [] },
    ],
    [
      'nothing is named, there is no debuginfo',
      { threads: [reportThread(undefined, stripped)], modules: [stripped] },
      { kind: 'debuginfo-missing', why: 'unknown', tried: ['p has no debuginfo package'] },
    ],
  ])('decide() judges a retrace by its facts when %s', (_, change, reason) => {
    expect(decideOn(change)).toMatchObject(reason)
  })
})

describe('lackOf()', () => {
  it.each<[Partial<ResolvedModule>, LackKind | undefined]>([
    [{}, undefined],
    [{ status: 'not-applicable', binary: undefined, debug: undefined }, undefined],
    [{ status: 'missing', binary: undefined, debug: undefined }, 'not-found'],
    [{ status: 'missing', binary: undefined, debug: KEPT_FILE }, 'not-found'],
    [{ status: 'mismatch', binary: undefined, debug: undefined }, 'other-builds'],
    [{ status: 'no-debuginfo', debug: undefined }, 'no-debuginfo'],
    [{ status: 'by-path', debug: undefined }, 'no-debuginfo'],
    [{ status: 'by-path' }, 'by-path'],
    [{ missingDwz: 'cd' }, 'no-dwz-file'],
  ])('names the worst: of %j it is %s', (change, kind) => {
    expect(lackOf(resolvedModule(change))?.kind).toBe(kind)
  })

  it('says of a package that is gone upstream that it is', () => {
    expect([missing, { ...missing, gone: 'p_1.0_amd64' }].map((module) => lackOf(module)?.isGone)).toEqual([
      false,
      true,
    ])
  })
})

describe('lateStep()', () => {
  const clock = { fetchIsLate: false, isOver: true, hasEngine: true, debugged: { engine: undefined, rejected: [] } }
  it.each<[string, Clock, ReturnType<typeof lateStep>]>([
    ['no time was left to ask any debugger', clock, 'debug'],
    ['fetching left no time for one', { ...clock, fetchIsLate: true }, 'fetch'],
    ['there is none for the architecture', { ...clock, hasEngine: false }, undefined],
    ['all were passed over', { ...clock, debugged: { engine: undefined, rejected: ['gdb does not'] } }, undefined],
    ['one was still being asked', { ...clock, fetchIsLate: true, debugged: { engine: 'gdb', rejected: [] } }, 'debug'],
    ['time is left', { ...clock, isOver: false }, undefined],
  ])('tells which step is late when %s', (_, given, step) => {
    expect(lateStep(given)).toBe(step)
  })
})

describe('lossesOf()', () => {
  const whole = reportThread('f', resolvedModule())
  it.each<[string, Parameters<typeof lossesOf>, Loss[]]>([
    ['nothing of a whole core', [WHOLE_CORE, [whole], 1], []],
    [
      'its end, where it is cut off',
      [{ ...WHOLE_CORE, truncated: { missingBytes: 7n, segments: 1 } }, [whole], 1],
      [CUT_OFF],
    ],
    [
      'stacks that were not dumped',
      [WHOLE_CORE, [whole, { ...whole, stackMissing: true }], 2],
      [{ kind: 'no-stacks', threads: 1, of: 2 }],
    ],
    [
      'values that the limit of the text left out',
      [WHOLE_CORE, [{ ...whole, cutFrames: 2 }, { ...whole, cutFrames: 3 }], 2],
      [{ kind: 'no-values', frames: 5 }],
    ],
    ['threads that nobody was asked about', [WHOLE_CORE, [whole], 4], [{
      kind: 'no-threads',
      threads: 3,
      of: 4,
      why: 'unanswered',
    }]],
    [
      'stacks that are longer than what is shown',
      [WHOLE_CORE, [{ ...whole, more: true }], 1],
      [{ kind: 'longer-stacks', threads: 1, thread: 1, frames: 1 }],
    ],
    [
      'a stack that ends at a return address to where nothing can run',
      [WHOLE_CORE, [{ ...whole, wrongCaller: 0x41n }], 1],
      [{ kind: 'broken-stacks', threads: 1, thread: 1, level: 0, address: 0x41n }],
    ],
    [
      'stacks that gdb cannot follow, once for all of them',
      [WHOLE_CORE, [whole, ...[2, 3].map((number) => ({ ...whole, number, stopped: 'corrupt stack?' }))], 3],
      [{ kind: 'stopped-stacks', threads: 2, thread: 2, level: 0, why: 'corrupt stack?', hasDebuginfo: true }],
    ],
    [
      'stacks that end since nothing tells who called their last frame',
      [WHOLE_CORE, [{ ...reportThread('f', stripped), endsUntold: true, stopped: 'corrupt stack?' }], 1],
      [{ kind: 'untold-ends', threads: 1, thread: 1, level: 0, why: 'corrupt stack?', hasDebuginfo: false }],
    ],
    ['no end of a stack that is not dumped, or that gdb failed over, a second time', [WHOLE_CORE, [
      { ...whole, stopped: 'no memory', stackMissing: true },
      { ...whole, stopped: 'no end', lost: [{ part: 'frames', cause: 'hung', why: 'it took too long' }] },
    ], 2], [{ kind: 'no-stacks', threads: 1, of: 2 }]],
    ['no end of a stack behind a file that is missing', [WHOLE_CORE, [
      { ...reportThread('f', missing), stopped: 'corrupt stack?' },
    ], 1], []],
    [
      'frames without a name although the debuginfo is here',
      [WHOLE_CORE, [whole, { ...reportThread(undefined, resolvedModule()), number: 2 }], 2],
      [{ kind: 'nameless', ...COUNTED, isCrashed: false, thread: 2, path: '/usr/bin/p' }],
    ],
    [
      'frames at address 0, in memory of no file, and where there was none',
      [CORE_WITH_MEMORY, [astray(0n), astray(0x8000n), astray(0x4141414141414141n)], 3],
      [
        { kind: 'at-zero', ...COUNTED },
        { kind: 'nowhere', ...COUNTED, isCrashed: false },
        { kind: 'outside-files', ...COUNTED, isCrashed: false },
      ],
    ],
    [
      'frames that were guessed in modules that are here',
      [WHOLE_CORE, [{ ...whole, frames: whole.frames.map((frame) => ({ ...frame, trust: 'guessed' as const })) }], 1],
      [{ kind: 'guessed', ...COUNTED, path: '/usr/bin/p' }],
    ],
    ['no thread where none was shown', [WHOLE_CORE, [], 4], []],
  ])('tells %s', (_, [core, threads, count], losses) => {
    expect(lossesOf(core, threads, count)).toEqual(losses)
  })
})

describe('lacksOf()', () => {
  it('names first what was taken by its path, whatever else it lacks', () => {
    const unproven = resolvedModule({ status: 'by-path', debug: undefined })
    const threads = [reportThread('f', stripped), reportThread('g', unproven)]
    expect(lacksOf(threads)).toMatchObject([
      { kind: 'no-debuginfo', isUnproven: true },
      { kind: 'no-debuginfo', isUnproven: false },
    ])
  })
})
