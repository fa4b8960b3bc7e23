import { describe, expect, it } from 'vitest'
import type { Core } from '../../../src/elf/core.ts'
import { coreOutcome, decideOutcome, type Facts, outcome, unusableCore } from '../../../workers/retrace/outcome.ts'
import type { ReportThread } from '../../../workers/retrace/report/frames.ts'
import { countModules, lackOf, modulesJson } from '../../../workers/retrace/report/modules.ts'
import type { ResolvedModule } from '../../../workers/retrace/resolve/resolve.ts'

const file = { path: '/repo/r/p/usr/bin/p', buildId: 'ab', packageDir: '/repo/r/p' }

function module(change: Partial<ResolvedModule> = {}): ResolvedModule {
  return {
    module: {
      kind: 'executable',
      path: '/usr/bin/p',
      deleted: false,
      start: 0x1000n,
      end: 0x2000n,
      buildId: 'ab',
      linkName: undefined,
      packageNote: undefined,
    },
    status: 'exact',
    package: 'p_1.0_amd64',
    debugPackage: 'p-dbg_1.0_amd64',
    binary: file,
    debug: file,
    dwz: [],
    tried: [],
    ...change,
  }
}

function thread(name: string | undefined, of: ResolvedModule): ReportThread {
  const frame = { level: 0, pc: 0x1500n, kind: 'normal' as const, function: name, file: undefined, line: undefined }
  return {
    number: 1,
    lwp: 5,
    pointer: undefined,
    frames: [{ ...frame, arguments: [], locals: [], module: of, trust: 'exact' }],
    text: '#0  p ()',
    stopped: undefined,
    more: false,
    cutFrames: 0,
    stackMissing: false,
    framesWithoutValues: 0,
  }
}

const core: Core = {
  ident: { class: 64, littleEndian: true, machine: 62 },
  architecture: 'amd64',
  threads: [{ lwp: 5, signal: 11, pc: 0x1500n }],
  process: undefined,
  siginfo: undefined,
  auxv: new Map(),
  files: [],
  segments: [],
  truncated: undefined,
  modules: [],
}

function facts(change: Partial<Facts> = {}): Facts {
  return {
    core,
    modules: [module()],
    release: 'debian-12-amd64',
    threads: [thread('f', module())],
    end: undefined,
    rejected: [],
    ranOutOfTime: undefined,
    losses: [],
    ...change,
  }
}

const missing = module({ status: 'missing', binary: undefined, debug: undefined, tried: ['no package has it'] })
const stripped = module({ status: 'no-debuginfo', debug: undefined, tried: ['p 1.0 has no debuginfo package'] })

describe('decideOutcome()', () => {
  it.each<[string, Partial<Facts>, string, RegExp]>([
    ['everything is there', {}, 'ok', /1 frames of 1 thread, complete/],
    ['a frame lacks debuginfo', { threads: [thread('f', stripped)] }, 'ok-partial', /p \(p_1.0_amd64\): no debuginfo/],
    [
      'a frame is of a file that nothing but its path speaks for',
      { threads: [thread('f', module({ status: 'by-path' }))] },
      'ok-partial',
      /p \(p_1.0_amd64\): taken by its path/,
    ],
    ['a module without a frame is missing', { modules: [module(), missing] }, 'ok', /complete/],
    ['text was cut', { losses: ['the values of 5 frames are not shown'] }, 'ok-partial', /values of 5 frames/],
    [
      'gdb took too much memory',
      { end: { kind: 'memory', detail: 'gdb held 5 GB' } },
      'out-of-memory',
      /What came before is here/,
    ],
    ['gdb hung', { end: { kind: 'timeout', detail: 'no answer' } }, 'debugger-timeout', /no answer/],
    ['the deadline came', { ranOutOfTime: 'debug' }, 'debugger-timeout', /ran out of time/],
    [
      'fetching took too long',
      { ranOutOfTime: 'fetch', threads: [thread('f', stripped)] },
      'fetch-timeout',
      /Fetching/,
    ],
    ['fetching took too long for what no frame needs', { ranOutOfTime: 'fetch' }, 'ok', /complete/],
    ['gdb crashed', { end: { kind: 'exit', detail: 'SIGSEGV' } }, 'debugger-failed', /SIGSEGV/],
    ['no engine understood the core', { threads: [], rejected: ['gdb does not'] }, 'debugger-failed', /gdb does not/],
    ['there is no gdb', { threads: [] }, 'debugger-failed', /no debugger/],
    [
      'nothing is named, the program is unknown',
      { threads: [thread(undefined, missing)], modules: [missing] },
      'package-not-found',
      /no package has it/,
    ],
    [
      'nothing is named, nobody knows the release',
      { threads: [thread(undefined, missing)], modules: [missing], release: undefined },
      'release-unknown',
      /release/,
    ],
    [
      'nothing is named, the core is cut',
      { threads: [thread(undefined, missing)], core: { ...core, truncated: { missingBytes: 7n, segments: 1 } } },
      'core-truncated',
      /7 bytes/,
    ],
    [
      'nothing is named, there is no debuginfo',
      { threads: [thread(undefined, stripped)], modules: [stripped] },
      'debuginfo-missing',
      /no debuginfo/,
    ],
  ])('when %s', (_, change, code, summary) => {
    const decided = decideOutcome(facts(change))
    expect(decided).toMatchObject({ code, summary: expect.stringMatching(summary) })
    expect(decided.next_step).toMatch(/^[A-Z].*\.$/)
  })
})

describe('a summary', () => {
  it('is a line without control characters, whatever the files of a core are called', () => {
    const { summary } = outcome('package-not-found', `/a\u001b[31m\nreport: ok${'b'.repeat(5000)} was not found.`)
    expect(summary).toMatch(/^\/a\\x1b\[31m\\x0areport: okb+\.\.\.$/)
    expect(summary.length).toBeLessThan(1100)
  })
})

describe('cores that cannot be used', () => {
  it('have an outcome before any debugger runs', () => {
    expect(coreOutcome('not-elf', 'it is text')).toMatchObject({
      code: 'core-not-elf',
      summary: 'The core cannot be read: it is text.',
    })
    expect(coreOutcome('truncated', 'x').code).toBe('core-truncated')
    expect(unusableCore({ ...core, architecture: undefined })).toMatchObject({ code: 'core-unsupported-arch' })
    expect(unusableCore({ ...core, threads: [] })).toMatchObject({ code: 'core-empty' })
    expect(unusableCore(core)).toBeUndefined()
  })
})

describe('modules', () => {
  it('are counted by status, and shown without the paths of the server', () => {
    const vdso = module({ status: 'not-applicable', binary: undefined, debug: undefined })
    expect(countModules([module(), stripped, missing, vdso]))
      .toEqual({ total: 3, exact: 1, by_path: 0, no_debuginfo: 1, missing: 1, mismatch: 0 })
    expect(modulesJson([module()])).not.toContain('/repo')
    expect([lackOf(module()), lackOf(vdso), lackOf(missing)]).toEqual([
      undefined,
      undefined,
      'p (p_1.0_amd64): not found',
    ])
  })
})
