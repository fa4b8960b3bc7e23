/**
 * RETRACE_DECOMPRESS_DEBUG: stores debug sections uncompressed, as gdb uses them. That takes twice the room and saves
 * every task the time to decompress them. elfutils does it, behind the wall, on files of verified packages: it sees the
 * package's folder and nothing else. A result with another build-id is refused.
 */
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ElfError } from '../../elf/error.ts'
import { readElfFile } from '../../elf/file.ts'
import { fileSource } from '../../elf/source.ts'
import { startInside } from '../../process/inside.ts'
import { systemSandbox } from '../../process/system.ts'
import type { Sandbox } from '../../process/wall.ts'
import { FetchError } from '../format/error.ts'
import { asFetchError } from '../format/program_failure.ts'
import { sha256OfFile } from './content.ts'
import { FILE_MODE } from '../../files/folder.ts'
import type { KeptEntry } from './unpack.ts'
import { GIB } from '../../units/bytes.ts'

const AT_ONCE = 200
/** zlib makes debug sections two to three times smaller. */
export const GROWTH = 3
const TIMEOUT_MS = 600_000
/** What it decompresses lies in memory until it is written; the debug files of browsers are some GiB. */
const LIMITS = {
  addressSpace: 16 * GIB,
  memory: 8 * GIB,
  cpuS: 1200,
  fileBytes: 16 * GIB,
  openFiles: 1024,
  processes: 1,
}
const WORK = '/work'

export interface DecompressOptions {
  /** Of the unpacked package. */
  folder: string
  signal: AbortSignal
  /** Throws when there is no room for so many bytes more. */
  assertRoom(bytes: number): void
}

/** Decompresses the debug files among the entries, and brings their sizes and hashes up to date. */
export async function decompressDebug(entries: KeptEntry[], options: DecompressOptions): Promise<void> {
  const debug = entries.filter(({ role, hasDebug, buildId }) =>
    // Without a build-id a debug file is known by the checksum of its bytes (.gnu_debuglink).
    (role === 'debug' && buildId !== undefined) || role === 'dwz' || (role === 'code' && hasDebug)
  )
  for (let at = 0; at < debug.length; at += AT_ONCE) {
    const some = debug.slice(at, at + AT_ONCE)
    options.assertRoom(GROWTH * some.reduce((sum, { size }) => sum + size, 0))
    await decompressSome(some, options)
  }
}

async function decompressSome(entries: KeptEntry[], { folder, signal }: DecompressOptions): Promise<void> {
  const before = entries.map(({ path }) => statSync(join(folder, path)))
  const names = entries.map(({ path }) => `${WORK}${path}`)
  await using running = await startInside(debugSectionsSandbox(folder, names), { signal, timeoutMs: TIMEOUT_MS })
  running.output.resume()
  await running.succeeded().catch((error) => {
    throw asFetchError(error)
  })
  for (const [at, entry] of entries.entries()) {
    const file = join(folder, entry.path)
    const after = statSync(file)
    if (after.ino === before[at]?.ino && after.size === before[at]?.size) continue
    if (buildIdOf(file) !== entry.buildId) {
      throw new FetchError('malformed', `${entry.path} has another build-id once its sections are decompressed`)
    }
    chmodSync(file, FILE_MODE)
    entry.size = after.size
    entry.sha256 = await sha256OfFile(file)
  }
}

/**
 * The sandbox that rewrites files in place, by a temporary name beside each and a rename. `names` are relative to
 * /work.
 */
export function debugSectionsSandbox(folder: string, names: readonly string[], memory = LIMITS.memory): Sandbox {
  return systemSandbox('eu-elfcompress', {
    name: 'debug-sections',
    args: ['-q', '-t', 'none', '--', ...names],
    limits: { ...LIMITS, memory: Math.min(memory, LIMITS.memory) },
    writable: [{ from: folder, at: WORK }],
    folder: WORK,
  })
}

/** Of a file that such a program has left; undefined: there is none, or it is no ELF file any more. */
export function buildIdOf(file: string): string | undefined {
  using source = fileSource(file)
  try {
    return readElfFile(source).buildId
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}
