/** What a debugger sees that makes an index: the package of one debug file, that of its dwz file, and where the index goes. */
import { join } from 'node:path'
import type { DebugFile } from '../../../src/packages/index/files.ts'
import type { Sandbox } from '../../../src/process/wall.ts'
import { GIB, hex, MIB } from '../../../src/units/bytes.ts'
import { indexArguments } from '../gdb/arguments.ts'
import type { Engine } from '../gdb/engine.ts'
import { type DebuggerLimits, debuggerSandbox, INSIDE } from '../sandbox/arguments.ts'

export interface IndexFiles {
  readonly of: DebugFile
  readonly dwz: DebugFile | undefined
  /** Where the indices come, of this machine. */
  readonly folder: string
}

/** Of one index: a tenth of the debuginfo, at most. */
const MAX_INDEX = 4 * GIB
const OUTPUT = '/new'

export function indexSandbox(
  engine: Engine,
  { of, dwz, folder }: IndexFiles,
  { repoDir, limits }: { repoDir: string; limits: DebuggerLimits },
): Sandbox {
  const store = (file: DebugFile, number: number) => ({
    bind: { from: join(repoDir, file.release, file.folder), at: `${INSIDE.store}/${number}`, isShared: true as const },
    path: `${INSIDE.store}/${number}${file.path}`,
  })
  const [own, other] = [store(of, 0), dwz === undefined ? undefined : store(dwz, 1)]
  const id = dwz === undefined ? '' : hex(dwz.buildId)
  const link = { path: `${INSIDE.debug}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`, target: other?.path ?? '' }
  const plan = {
    debugger: engine.sees,
    binds: [own.bind, ...(other === undefined ? [] : [other.bind])],
    links: other === undefined ? [] : [link],
  }
  const sandbox = debuggerSandbox(plan, limits, [...engine.command, ...indexArguments(own.path, OUTPUT)])
  return {
    ...sandbox,
    name: 'debug-index',
    runs: ['gdb', 'gdb-multiarch'],
    writable: [{ from: folder, at: OUTPUT }],
    // As an opener of packages: looked at, whether a control group can be made for it or not.
    limits: { ...sandbox.limits, fileBytes: MAX_INDEX, memory: limits.memoryMb * MIB },
  }
}
