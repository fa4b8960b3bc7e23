/** Cores that no debugger is started for: they cannot be read, or hold nothing that one could use. Pure. */
import type { Core } from '../../../src/elf/core.ts'
import type { Reason } from './reason.ts'

/** Why a core that was read is of no use; undefined for all others. */
export function unusableCore(core: Core): Reason | undefined {
  if (core.architecture === undefined) {
    const { class: bits, machine, littleEndian } = core.ident
    return { kind: 'unknown-machine', machine, bits, littleEndian }
  }
  if (core.threads.length > 0) return undefined
  if (core.truncated === undefined) return { kind: 'no-threads' }
  return { kind: 'cut-before-threads', missingBytes: core.truncated.missingBytes }
}
