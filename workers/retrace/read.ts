/**
 * Step `read`: the core's own word, by our own reader, and a line on it for the person who waits. Owns the verdict on
 * cores that are none; no debugger is started for those.
 */
import { type Core, readCore } from '../../src/elf/core.ts'
import { architectureNamed } from '../../src/elf/architecture.ts'
import { ElfError } from '../../src/elf/error.ts'
import { fileSource } from '../../src/elf/source.ts'
import { normalPath } from '../../src/packages/format/paths.ts'
import type { Outcome } from '../../src/task/outcome.ts'
import type { Manifest } from '../../src/task/manifest.ts'
import { memoryRemarks } from './report/lacking_memory.ts'
import { coreOutcome, unusableCore } from './outcome.ts'
import { signalName } from './report/signal.ts'

/** The core, or how the task ends without one. Throws the errors of the disk. */
export function readCoreFile(path: string): { core: Core | undefined; outcome: Outcome | undefined } {
  using source = fileSource(path)
  try {
    const core = readCore(source)
    return { core, outcome: unusableCore(core) }
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    return { core: undefined, outcome: coreOutcome(error.code, error.message) }
  }
}

/** 'core of /usr/bin/python3.11 (amd64), 1 thread, SIGSEGV'. */
export function describeCore(core: Core): string {
  const program = core.modules.find((module) => module.kind === 'executable')?.path || core.process?.name || 'a program'
  const threads = core.threads.length === 1 ? '1 thread' : `${core.threads.length} threads`
  const signal = core.siginfo?.signal || core.threads[0]?.signal || 0
  return `core of ${program} (${core.architecture}), ${threads}${signal === 0 ? '' : `, ${signalName(signal)}`}`
}

/** What the log should know before the work begins: what the core lacks, and where the client was wrong about it. */
export function remarksOn(core: Core, said: Pick<Manifest, 'architecture' | 'executable'>): string[] {
  const remarks = [architectureRemark(core, said.architecture), executableRemark(core, said.executable)]
  return [...memoryRemarks(core), ...remarks.filter((remark) => remark !== undefined)]
}

/** A script's core is its interpreter's, and a command need not be named as its program. */
function executableRemark(core: Core, said: string | undefined): string | undefined {
  const program = core.modules.find((module) => module.kind === 'executable')?.path
  if (said === undefined || !program || normalPath(said) === normalPath(program)) return undefined
  return `the client says ${said}, but the core is of ${program}, which counts`
}

/** Where the client's word on the architecture is not the core's; undefined where it is, or was not given. */
function architectureRemark(core: Core, said: string | undefined): string | undefined {
  if (said === undefined || core.architecture === undefined) return undefined
  const named = architectureNamed(said)
  if (named === core.architecture) return undefined
  return named === undefined
    ? `the architecture ${said} is not known here; the core is ${core.architecture}`
    : `the client says ${said}, but the core is ${core.architecture}, which counts`
}
