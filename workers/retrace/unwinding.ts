/**
 * Frames of which no table of the files that gdb had tells who called them, so that it read instructions and guessed. Owns the
 * look into those files; refuses to judge code whose file is not here.
 */
import { type Core, type CoreModule, moduleAt } from '../../src/elf/core.ts'
import { ElfError } from '../../src/elf/error.ts'
import { lastAtOrBelow } from '../../src/elf/segment.ts'
import { fileSource } from '../../src/elf/source.ts'
import { UnwindTables } from '../../src/elf/unwinding.ts'
import type { PlainFrame } from './gdb/answers.ts'
import { callSites } from './report/call_sites.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/** Call sites that are looked up; further ones count as told. */
const MAX_SITES = 20_000

/** Call sites (report/call_sites.ts) of the threads' frames without such a table. */
export function sitesWithoutTables(
  core: Pick<Core, 'files' | 'modules'>,
  modules: readonly ResolvedModule[],
  threads: readonly { readonly frames: readonly PlainFrame[] }[],
): ReadonlySet<bigint> {
  const sites = new Set(threads.flatMap(({ frames }) => callSites(frames)))
  const byModule = new Map<CoreModule, bigint[]>()
  for (const site of [...sites].slice(0, MAX_SITES)) {
    const module = moduleAt(core.modules, site)
    if (module !== undefined) byModule.set(module, [...byModule.get(module) ?? [], site])
  }
  return new Set(modules.flatMap((resolved) => untold(core, resolved, byModule.get(resolved.module) ?? [])))
}

function untold(
  { files }: Pick<Core, 'files'>,
  { module, binary, debug }: ResolvedModule,
  sites: readonly bigint[],
): bigint[] {
  if (binary === undefined || sites.length === 0) return []
  try {
    using program = fileSource(binary.path)
    using separate = debug === undefined || debug.path === binary.path ? undefined : fileSource(debug.path)
    const tables = new UnwindTables(program)
    const more = separate && new UnwindTables(separate)
    return sites.filter((site) => {
      const mapped = files[lastAtOrBelow(files, site)]
      const address = mapped !== undefined && site < mapped.end
        ? tables.addressOf(site - mapped.start + mapped.fileOffset)
        : site - module.start + tables.firstAddress
      return address !== undefined && !tables.covers(address) && more?.covers(address) !== true
    })
  } catch (error) {
    // gdb does not take such a file either, and that is said.
    if (error instanceof ElfError) return []
    throw error
  }
}
