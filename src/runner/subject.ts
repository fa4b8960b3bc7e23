/**
 * Which package on which release a task is about, as far as its upload says: what an estimate goes by before the worker
 * has looked. A bare core says nothing.
 */
import { open } from 'node:fs/promises'
import { architectureOf } from '../elf/architecture.ts'
import { ElfError } from '../elf/error.ts'
import { parseHeader } from '../elf/header.ts'
import { packageName } from '../packages/naming/package_name.ts'
import { releaseId } from '../packages/release/release_id.ts'
import { readManifest } from '../task/manifest.ts'
import type { Task } from '../task/task.ts'
import type { Subject } from './estimates.ts'

/** From the manifest, and the core's own architecture. */
export async function subjectOf(task: Task): Promise<Subject> {
  const { packages: [crashed], release, architecture } = readManifest(task)
  return {
    package: crashed === undefined ? undefined : packageName(crashed),
    release: release === undefined ? undefined : releaseId(release, await coreArchitecture(task) ?? architecture),
  }
}

/**
 * What e_machine of the core's first 64 bytes says (gABI, 'ELF Header'); undefined once the core is gone, or is none.
 */
async function coreArchitecture(task: Task): Promise<string | undefined> {
  if (!task.has('coredump')) return undefined
  const handle = await open(task.file('coredump'), 'r')
  try {
    const bytes = new Uint8Array(64)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
    const header = parseHeader(bytes.subarray(0, bytesRead))
    return architectureOf(header.class, header.littleEndian, header.machine)
  } catch (cause) {
    if (cause instanceof ElfError) return undefined
    throw cause
  } finally {
    await handle.close()
  }
}
