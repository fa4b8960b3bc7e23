/**
 * Which pretty printers could find a value of theirs: loading them takes 20 ms, and then each value is looked up. Owns that what
 * cannot be read, or is too much to look at, could have any; refuses none for another reason.
 */
import { basename } from 'node:path'
import type { PrinterName } from '../../src/config/kinds.ts'
import { ElfError } from '../../src/elf/error.ts'
import { type ElfFile, readElfFile } from '../../src/elf/file.ts'
import { fileSource } from '../../src/elf/source.ts'
import { errnoOf } from '../../src/errors/errno.ts'
import { isCLibrary } from './c_library.ts'
import { libraryOf } from './printers.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/** Modules with debuginfo, and files that those are linked with: of more nobody is looked at, that takes as long as printers do. */
const MAX_LOOKED_AT = 8
const MAX_LINKED = 40

/**
 * Those for whose types any debuginfo that is here could have. That of the C library itself has none. A file has those of a library
 * where it is linked with it, or with one that is, or is it; those of C++ also where it was compiled with exceptions, as a program is that has
 * its libstdc++ within.
 */
export function usefulPrinters(modules: readonly ResolvedModule[], names: readonly PrinterName[]): PrinterName[] {
  const own = modules.find(isCLibrary)?.debug?.packageDir
  const debugged = modules.filter(({ debug }) => debug !== undefined && debug.packageDir !== own)
  const linked = new Linked(modules)
  return names.filter((name) => {
    const library = libraryOf(name, modules)
    if (library === undefined) return false
    if (debugged.length > MAX_LOOKED_AT) return true
    return debugged.some((each) => linked.leadsTo(each, library, { exceptionsTell: name === 'libstdc++' }))
  })
}

class Linked {
  readonly #byName: ReadonlyMap<string, ResolvedModule>
  readonly #files = new Map<ResolvedModule, ElfFile | undefined>()

  constructor(modules: readonly ResolvedModule[]) {
    const named = (each: ResolvedModule) =>
      [each.module.path, each.module.linkName ?? ''].map((name) => [basename(name), each] as const)
    this.#byName = new Map(modules.flatMap(named))
  }

  leadsTo(start: ResolvedModule, library: ResolvedModule, { exceptionsTell }: { exceptionsTell: boolean }): boolean {
    const seen = new Set([start])
    for (const each of seen) {
      if (each === library || seen.size > MAX_LINKED) return true
      const file = this.#file(each)
      if (file === undefined || exceptionsTell && each === start && file.hasExceptions) return true
      for (const name of file.needed) {
        const next = this.#byName.get(basename(name))
        if (next !== undefined && !isCLibrary(next)) seen.add(next)
      }
    }
    return false
  }

  /** A file that cannot be read could be anything. */
  #file(each: ResolvedModule): ElfFile | undefined {
    if (!this.#files.has(each)) this.#files.set(each, elfFile(each.binary?.path))
    return this.#files.get(each)
  }
}

function elfFile(path: string | undefined): ElfFile | undefined {
  if (path === undefined) return undefined
  try {
    using source = fileSource(path)
    return readElfFile(source)
  } catch (error) {
    if (!(error instanceof ElfError) && errnoOf(error) === undefined) throw error
    return undefined
  }
}
