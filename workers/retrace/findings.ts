/** What the steps of a task have found so far: each adds to it, and the report is made of it. */
import type { Core } from '../../src/elf/core.ts'
import type { PackageCounts } from '../../src/packages/index/use.ts'
import type { Step } from '../../src/task/step.ts'
import type { Debugged } from './debug.ts'
import type { Region } from './gdb/readable_memory.ts'
import type { Reason } from './outcome/reason.ts'
import type { Hints, ResolvedModule } from './resolve/resolve.ts'

export interface Findings {
  readonly core: Core | undefined
  readonly hints: Hints
  readonly modules: readonly ResolvedModule[]
  readonly release: string | undefined
  readonly owner: string | undefined
  /** What ABRT calls so: the source of the package that owns the program, else that package. */
  readonly component: string | undefined
  /** Packages that the task used, by whether they were here; undefined: it did not come so far. */
  readonly packages: PackageCounts | undefined
  readonly regions: readonly Region[] | undefined
  readonly debugged: Debugged | undefined
  /** Call sites of frames whose callers gdb had to guess (unwinding.ts). */
  readonly untold: ReadonlySet<bigint>
  readonly ranOutOfTime: 'fetch' | 'debug' | undefined
  /** The step that was reached. */
  readonly step: Step
  /** Known before gdb: a core that is none, or a mistake of ours. */
  readonly reason: Reason | undefined
}

/** Before the first step: what the client said. */
export function nothingFound(hints: Hints): Findings {
  return {
    core: undefined,
    hints,
    modules: [],
    release: undefined,
    owner: undefined,
    component: undefined,
    packages: undefined,
    regions: undefined,
    debugged: undefined,
    untold: new Set(),
    ranOutOfTime: undefined,
    step: 'read',
    reason: undefined,
  }
}
