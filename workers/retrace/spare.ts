/**
 * The modules whose symbols gdb need not read: of 140 libraries of a desktop program a stack has frames in six. Owns which are
 * read in any case; whatever turns out to need one of the others has it read after all (root/scripts/libraries.py).
 */
import type { Core, CoreModule } from '../../src/elf/core.ts'
import { fileSource } from '../../src/elf/source.ts'
import { pointedInto } from '../../src/elf/stack_words.ts'
import { KINDS } from './gdb/interpreters.ts'
import type { SparedModules } from './gdb/opening.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/**
 * By the file's name. The thread library looks for symbols of C library and loader; messages of who gave up are found by
 * name in the C library and GLib; the vtables of libstdc++ tell its printers what kind an error is of. Interpreters have
 * variables that lead to their stacks.
 */
const ALWAYS =
  /^(ld(64)?|libc|libpthread|libglib-2\.0|libstdc\+\+|ld-[\w-]+|libc-[\d.]+|libpthread-[\d.]+|ld-[\d.]+)\.so(\.|$)/

type Here = Pick<ResolvedModule, 'module' | 'binary' | 'debug'>

/**
 * Libraries that are here without debuginfo, and that no word of a stack points into. What has debuginfo is read: its types
 * complete those of other files, and its functions are among the callers that gdb looks for behind calls that were optimized
 * away. gdb has to know a library by the linker's list to be asked for it by its name.
 */
export class Sparing implements SparedModules {
  readonly #core: Core
  readonly #corePath: string
  readonly #candidates: readonly CoreModule[]
  #modules: ReadonlySet<CoreModule> | undefined

  constructor(core: Core, corePath: string, modules: readonly Here[]) {
    this.#core = core
    this.#corePath = corePath
    this.#candidates = modules.filter(({ module, binary, debug }) =>
      module.kind === 'library' && module.linkName !== undefined && binary !== undefined && debug === undefined &&
      ![module.path, module.linkName].map(fileOf).some(isAlwaysRead)
    ).map(({ module }) => module)
  }

  get mayBe(): boolean {
    return this.#candidates.length > 0
  }

  modules(): ReadonlySet<CoreModule> {
    return this.#modules ??= this.#find()
  }

  #find(): ReadonlySet<CoreModule> {
    if (!this.mayBe) return new Set()
    using source = fileSource(this.#corePath)
    const pointed = pointedInto(this.#core, source, this.#candidates)
    return new Set(pointed === undefined ? [] : this.#candidates.filter((_, index) => !pointed.has(index)))
  }
}

/** Whether a library of that file name is read whatever the stacks point into. */
export function isAlwaysRead(name: string): boolean {
  return ALWAYS.test(name) || Object.values(KINDS).some((kind) => kind.library?.test(name))
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
