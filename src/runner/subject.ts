/**
 * Which package on which release a task is about, as far as its upload says: what an estimate goes by before the worker
 * has looked. A bare core says nothing.
 */
import { architectureOf } from '../elf/architecture.ts'
import { ElfError } from '../elf/error.ts'
import { parseHeader } from '../elf/header.ts'
import { readPlain } from '../files/plain.ts'
import { packageName } from '../packages/naming/package_name.ts'
import { releaseId } from '../packages/release/release_id.ts'
import { readManifest } from '../task/manifest.ts'
import type { Task } from '../task/task.ts'
import type { Subject } from './estimates.ts'

/** From the manifest, and the core's own architecture. */
export function subjectOf(task: Task): Subject {
  const { packages: [crashed], release, architecture } = readManifest(task)
  return {
    package: crashed === undefined ? undefined : packageName(crashed),
    release: release === undefined ? undefined : releaseId(release, coreArchitecture(task) ?? architecture),
  }
}

/**
 * What e_machine of the core's first 64 bytes says (gABI, 'ELF Header'); undefined once the core is gone, or is none.
 */
function coreArchitecture(task: Task): string | undefined {
  const bytes = readPlain(task.file('coredump'), { length: 64 })
  if (bytes === undefined) return undefined
  try {
    const header = parseHeader(bytes)
    return architectureOf(header.class, header.littleEndian, header.machine)
  } catch (cause) {
    if (cause instanceof ElfError) return undefined
    throw cause
  }
}
