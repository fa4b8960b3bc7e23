/** What the log says of a core right after it was read: what it is, what it lacks, where its sender was wrong about it. */
import { architectureNamed } from '../../../src/elf/architecture.ts'
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { normalPath } from '../../../src/packages/format/paths.ts'
import type { Manifest } from '../../../src/task/manifest.ts'
import { cutOffIn, undumpedIn } from '../report/lacking_memory.ts'
import { signalName } from '../report/signal.ts'
import { cutOffText } from './loss.ts'
import { count } from '../../../src/text/count.ts'

/** 'core of /usr/bin/python3.11 (amd64), 1 thread, SIGSEGV'. */
export function describeCore(core: Core): string {
  const program = core.modules.find((module) => module.kind === 'executable')?.path || core.process?.name || 'a program'
  const threads = count(core.threads.length, 'thread')
  const signal = signalOf(core)
  return `core of ${program} (${core.architecture}), ${threads}, ${
    signal === 0 ? 'alive when it was made' : signalName(signal)
  }`
}

/** What the log should know before the work begins: what the core lacks, and where the client was wrong about it. */
export function remarksOn(core: Core, said: Pick<Manifest, 'architecture' | 'executable'>): string[] {
  const remarks = [architectureRemark(core, said.architecture), executableRemark(core, said.executable)]
  return [...memoryRemarks(core), ...remarks.filter((remark) => remark !== undefined)]
}

/** The sentence on the end that is missing, each segment, and how much was never dumped. */
export function memoryRemarks(core: Pick<Core, 'segments' | 'files' | 'truncated'>): string[] {
  const cut = cutOffIn(core)
  const undumped = undumpedIn(core)
  const lines = cut === undefined ? [] : [
    cutOffText(cut),
    ...cut.parts.map((each) =>
      `missing: ${each.missingBytes} of ${count(each.end - each.start, 'byte')} at 0x${each.start.toString(16)}` +
      (each.path === undefined ? '' : ` (${each.path})`)
    ),
  ]
  if (undumped.mappings > 0) {
    const { mappings, bytes } = undumped
    lines.push(
      `writable mappings that were not dumped: ${mappings} (${count(bytes, 'byte')}); their memory is unavailable`,
    )
  }
  return lines
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
