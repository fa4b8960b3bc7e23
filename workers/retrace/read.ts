/** Step `read`: the core's own word, by our own reader. No debugger is started for a core that is of no use. */
import { type Core, readCore } from '../../src/elf/core.ts'
import { ElfError } from '../../src/elf/error.ts'
import { fileSource } from '../../src/elf/source.ts'
import type { Reason } from './outcome/reason.ts'
import { unusableCore } from './outcome/unusable_core.ts'

/** The core, or why the task ends here. Throws the errors of the disk. */
export function readCoreFile(path: string): { core: Core | undefined; reason: Reason | undefined } {
  using source = fileSource(path)
  try {
    const core = readCore(source)
    return { core, reason: unusableCore(core) }
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    return { core: undefined, reason: { kind: 'unreadable', code: error.code, detail: error.message } }
  }
}
