/** Which modules a file is of that gdb names: by the names it has in the root, of which gdb can follow links. Pure. */
import type { CoreModule } from '../../../src/elf/core.ts'
import { INSIDE } from '../sandbox/arguments.ts'
import { canonicalPath } from '../sandbox/links.ts'

/** `debuginfo`: all names of a module's files with DWARF, inside. Several modules can lean on one dwz file. */
export function fileFinder(
  files: readonly { readonly module: CoreModule; readonly debuginfo: readonly string[] }[],
): (path: string) => readonly CoreModule[] {
  const modules = new Map<string, CoreModule[]>()
  for (const { module, debuginfo } of files) {
    for (const name of new Set(debuginfo.map(spelt))) {
      const known = modules.get(name)
      if (known === undefined) modules.set(name, [module])
      else known.push(module)
    }
  }
  return (path) => modules.get(spelt(path)) ?? []
}

/** gdb takes libraries from the root by the linker's names: `/sysroot/lib/...` is `/sysroot/usr/lib/...`. */
function spelt(path: string): string {
  if (!path.startsWith(`${INSIDE.sysroot}/`)) return path
  return INSIDE.sysroot + (canonicalPath(path.slice(INSIDE.sysroot.length)) ?? path)
}
