/**
 * Copies of compressed debuginfo whose sections are not compressed: a debugger maps those, where it would unpack the others for each task.
 * elfutils makes them behind the wall. None is made where packages could need the room (debug_index.ts).
 */
import { copyFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../../src/config/config.ts'
import type { Database } from '../../../src/database/database.ts'
import { buildIdOf, debugSectionsSandbox, GROWTH } from '../../../src/packages/keep/decompress_debug.ts'
import { isOfMachine as lacksMeans } from '../../../src/errors/errno.ts'
import { makeFolder } from '../../../src/files/folder.ts'
import { plainSize } from '../../../src/files/plain.ts'
import type { DebugFile } from '../../../src/packages/index/files.ts'
import { isLease, takeLease } from '../../../src/packages/index/lease.ts'
import { filesWithoutCopy, hasRoomToSpare, plainPath, putBeside } from '../../../src/packages/keep/debug_index.ts'
import { COPY_WORK, WORK_FOLDER } from '../../../src/packages/keep/kept.ts'
import { ProgramError } from '../../../src/process/error.ts'
import { startInside } from '../../../src/process/inside.ts'
import { count } from '../../../src/text/count.ts'
import { hex, MIB } from '../../../src/units/bytes.ts'
import { type Ended, isOfMachine } from './ended.ts'

export interface CopyContext {
  readonly config: Pick<Config, 'repoDir' | 'repoQuotaMb' | 'minFreeMb' | 'taskMemoryMb'>
  readonly signal: AbortSignal
  readonly leastBytes?: number | undefined
  say(line: string): void
  lacking(): Promise<string | undefined>
}

const TIMEOUT_MS = 600_000
/** Files in one run: the next one goes on. */
const MAX_FILES = 10_000
const NAME = 'copy.debug'

/** How many were made; of which none can be made, or needs to be, is remembered. */
export async function makeCopies(database: Database, context: CopyContext): Promise<number> {
  const taken = takeLease(database, COPY_WORK)
  if (!isLease(taken)) return 0
  using _lease = taken
  const folder = join(context.config.repoDir, WORK_FOLDER, COPY_WORK)
  try {
    return await makeAll(database, folder, context)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function makeAll(database: Database, folder: string, context: CopyContext): Promise<number> {
  const { config, signal, leastBytes, say, lacking } = context
  let made = 0
  for (const of of filesWithoutCopy(database, leastBytes).slice(0, MAX_FILES)) {
    if (!hasRoomToSpare(database, config, GROWTH * of.size)) continue
    rmSync(folder, { recursive: true, force: true })
    makeFolder(folder)
    const end = await decompress(of, folder, context).catch((error: unknown) => {
      if (!(error instanceof ProgramError)) throw error
      say(`no copy is made: ${error.message}`)
    })
    if (end === undefined || signal.aborted) return made
    if (end === 'gone' || end === 'machine') continue
    const why = end === 'failed' ? await lacking() : undefined
    if (why !== undefined) {
      say(`no further copy is made: ${why}`)
      return made
    }
    // What it takes is known only now.
    const bytes = end === 'made' ? plainSize(join(folder, NAME)) ?? 0 : 0
    if (!hasRoomToSpare(database, config, bytes)) continue
    const copy = { of, path: plainPath(hex(of.buildId)), file: join(folder, end === 'made' ? NAME : 'none') }
    if (await putBeside(database, config, copy) === 'none' || end !== 'made') continue
    made++
    say(`${of.release}/${of.folder}${of.path}: a copy of ${count(bytes, 'byte')} that is not compressed`)
  }
  return made
}

/**
 * `needless`: it is not compressed; `gone`: its package was evicted meanwhile. `machine`: that was nobody's fault, such as a program that was
 * killed, or had no room to write; it is tried again. Throws ProgramError where elfutils are not here.
 */
async function decompress(
  of: DebugFile,
  folder: string,
  { config, signal }: CopyContext,
): Promise<'made' | 'needless' | 'failed' | 'gone' | 'machine'> {
  const file = join(folder, NAME)
  const own = join(config.repoDir, of.release, of.folder, of.path)
  try {
    copyFileSync(own, file)
  } catch (error) {
    if (plainSize(own) === undefined) return 'gone'
    if (lacksMeans(error)) return 'machine'
    throw error
  }
  const before = statSync(file)
  const sandbox = debugSectionsSandbox(folder, [`/work/${NAME}`], config.taskMemoryMb * MIB)
  await using running = await startInside(sandbox, { signal, timeoutMs: TIMEOUT_MS })
  running.output.resume()
  const end = await running.ended
  return verdict(end, { isOfBuild: buildIdOf(file) === hex(of.buildId), isOther: plainSize(file) !== before.size })
}

/** What became of a copy by how its program ended, and by what is there then. Pure. */
export function verdict(
  end: Ended,
  { isOfBuild, isOther }: { isOfBuild: boolean; isOther: boolean },
): 'made' | 'needless' | 'failed' | 'machine' {
  if (isOfMachine(end)) return 'machine'
  if (end.code !== 0 || end.failure !== undefined || !isOfBuild) return 'failed'
  return isOther ? 'made' : 'needless'
}
