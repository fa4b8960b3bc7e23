/** The C library of a process, by its file's name: glibc's own, whatever its version. */
import type { ResolvedModule } from './resolve/resolve.ts'

const C_LIBRARY = /\/libc(-\d[\d.]*)?\.so(\.6)?$/

/** Whether a module is it, and is here. */
export function isCLibrary({ module, binary }: ResolvedModule): boolean {
  return binary !== undefined && C_LIBRARY.test(module.path)
}
