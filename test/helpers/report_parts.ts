/** Modules, threads and a core as the steps of a worker hand them on, for tests of what is made of them. */
import type { Core } from '../../src/elf/core.ts'
import type { ReportThread } from '../../workers/retrace/report/frames.ts'
import { matchingByPath } from '../../workers/retrace/resolve/mismatch.ts'
import type { ResolvedModule } from '../../workers/retrace/resolve/resolve.ts'

/** Of the build-id that the program has. */
export const KEPT_FILE = matchingByPath({ buildId: undefined }, {
  path: '/repo/r/p/usr/bin/p',
  buildId: 'ab',
  packageDir: '/repo/r/p',
})

/** A program of which everything is here. */
export function resolvedModule(change: Partial<ResolvedModule> = {}): ResolvedModule {
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
    binary: KEPT_FILE,
    debug: KEPT_FILE,
    dwz: [],
    tried: [],
    ...change,
  }
}

/** A thread of one frame, in a function of a module. */
export function reportThread(
  name: string | undefined,
  module: ResolvedModule,
  change: Partial<ReportThread> = {},
): ReportThread {
  const frame = { level: 0, pc: 0x1500n, kind: 'normal' as const, function: name, file: undefined, line: undefined }
  return {
    number: 1,
    lwp: 5,
    pointer: undefined,
    frames: [{ ...frame, arguments: [], locals: [], module, trust: 'exact', lacksLine: false, hasValues: false }],
    text: '#0  p ()',
    stopped: undefined,
    endsUntold: false,
    wrongCaller: undefined,
    more: false,
    cutFrames: 0,
    stackMissing: false,
    framesWithoutValues: 0,
    lost: [],
    plain: [],
    ...change,
  }
}

/** A whole core of one thread. */
export const WHOLE_CORE: Core = {
  ident: { class: 64, littleEndian: true, machine: 62 },
  architecture: 'amd64',
  threads: [{ lwp: 5, signal: 11, pc: 0x1500n, sp: 0n }],
  process: undefined,
  siginfo: undefined,
  auxv: new Map(),
  files: [],
  segments: [],
  truncated: undefined,
  modules: [],
}
