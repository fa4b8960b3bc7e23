/**
 * Modules without the debuginfo of some, for a gdb that fails over it. Owns the copies: their symbols and unwinding
 * tables stay, so that frames have names at least and are no worse than those of a stripped file.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { ElfError } from '../../src/elf/error.ts'
import { fileSource } from '../../src/elf/source.ts'
import { withoutDwarf } from '../../src/elf/without_dwarf.ts'
import { MIB } from '../../src/units/bytes.ts'
import type { LeftOut } from './gdb/thread_record.ts'
import type { KeptFile, ResolvedModule } from './resolve/resolve.ts'

/** `folder`: where copies are made, and stay; whoever removes it removes all of it. */
export function withoutDebuginfo(
  modules: readonly ResolvedModule[],
  leftOut: LeftOut,
  folder: string,
): ResolvedModule[] {
  return modules.map((resolved, index) => {
    const { module, binary, debug } = resolved
    if (!leftOut.has(module) || debug === undefined) return resolved
    const copy = copyOf(debug, join(folder, String(index)))
    const isOwn = debug.path === binary?.path
    return { ...resolved, ...(isOwn && copy !== undefined ? { binary: copy } : {}), debug: copy, dwz: [] }
  })
}

/** Undefined: it cannot even be read that far. */
function copyOf<File extends KeptFile>(file: File, folder: string): File | undefined {
  const path = join(folder, basename(file.path))
  try {
    if (!existsSync(path)) {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o755)
      copyWithoutDwarf(file.path, path)
    }
    return { ...file, path, packageDir: folder }
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}

/** A sparse file. */
function copyWithoutDwarf(from: string, to: string): void {
  using source = fileSource(from)
  const { size, kept, patches } = withoutDwarf(source)
  const partial = `${to}.part`
  const descriptor = openSync(partial, 'w')
  try {
    fchmodSync(descriptor, 0o644)
    ftruncateSync(descriptor, size)
    for (const { offset, length } of kept) {
      for (let done = 0; done < length; done += MIB) {
        writeSync(descriptor, source.read(offset + done, Math.min(MIB, length - done)), 0, null, offset + done)
      }
    }
    for (const { offset, bytes } of patches) writeSync(descriptor, bytes, 0, null, offset)
  } finally {
    closeSync(descriptor)
  }
  renameSync(partial, to)
}
