/**
 * `abrt-retrace-worker --index`: makes the indices of debuginfo that the first debugger would need, one file after the other, behind
 * the wall, of kept packages alone, and then copies that are not compressed (make_copies.ts). Nobody waits for it. It ends when there
 * is none left to be made, when there is no room, and at a signal; what it was at is thrown away then.
 */
import { readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Config } from '../../../src/config/config.ts'
import { openDatabase } from '../../../src/database/database.ts'
import { makeFolder } from '../../../src/files/folder.ts'
import { plainSize } from '../../../src/files/plain.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { type DebugFile, dwzFile } from '../../../src/packages/index/files.ts'
import { isLease, takeLease } from '../../../src/packages/index/lease.ts'
import { filesWithoutIndex, indexPath, putBeside, removeOtherIndexes } from '../../../src/packages/keep/debug_index.ts'
import { INDEX_WORK, WORK_FOLDER } from '../../../src/packages/keep/kept.ts'
import { startInside } from '../../../src/process/inside.ts'
import { lackingNow } from '../../../src/packages/format/means.ts'
import { residentMb } from '../../../src/process/memory.ts'
import { count } from '../../../src/text/count.ts'
import { hex } from '../../../src/units/bytes.ts'
import type { Engine } from '../gdb/engine.ts'
import { MAX_PROCESSES } from '../sandbox/arguments.ts'
import { makeCgroup, usableCgroups } from '../sandbox/cgroup.ts'
import { type Ended, isOfMachine } from './ended.ts'
import { indexSandbox } from './index_sandbox.ts'
import { makeCopies } from './make_copies.ts'

export interface IndexContext {
  readonly config: Pick<Config, 'repoDir' | 'repoQuotaMb' | 'minFreeMb' | 'database' | 'taskMemoryMb'>
  readonly engines: readonly Engine[]
  readonly signal: AbortSignal
  /** Bytes of a file from which on it is worth an index; of more than some kilobytes by default. */
  readonly leastBytes?: number | undefined
  say(line: string): void
  /** By default what means.ts says. */
  lacking?: () => Promise<string | undefined>
}

/** Debuginfo of the largest browsers takes some minutes. */
const TIMEOUT_MS = 1_800_000
/** Files in one run: the next one goes on. */
const MAX_FILES = 10_000
const WATCH_MS = 200

/** How many were made, copies too; files of which none can be made are remembered, and counted as `failed`. */
export async function makeIndexes(context: IndexContext): Promise<{ made: number; failed: number }> {
  const { config, engines, signal, leastBytes, say, lacking = lackingNow } = context
  const counts = { made: 0, failed: 0 }
  const engine = engines.find(({ indexKey }) => indexKey !== undefined)
  const key = engine?.indexKey
  if (engine === undefined || key === undefined) return counts
  const database = openDatabase(config.database, { demandCurrent: true })
  const taken = takeLease(database, INDEX_WORK)
  if (!isLease(taken)) return counts
  using _lease = taken
  removeOtherIndexes(database, config.repoDir, engines.flatMap(({ indexKey }) => indexKey ?? []))
  const folder = join(config.repoDir, WORK_FOLDER, INDEX_WORK)
  const pathOf = ({ buildId }: DebugFile) => indexPath(key, hex(buildId))
  try {
    for (const of of filesWithoutIndex(database, { key, leastBytes }).slice(0, MAX_FILES)) {
      rmSync(folder, { recursive: true, force: true })
      makeFolder(folder)
      const dwz = of.altBuildId === null ? undefined : dwzFile(database, of.altBuildId)
      // Without it none can be made yet.
      if (of.altBuildId !== null && dwz === undefined) continue
      const end = await runGdb({ of, dwz, folder }, { ...context, engine })
      // What it was interrupted at is nobody's fault, nor is what this machine lacked: it is tried again.
      if (signal.aborted) break
      const name = `${basename(of.path)}.gdb-index`
      const size = plainSize(join(folder, name)) ?? 0
      // One file can want more than any debugger may have, and no word of gdb's about it is to be believed.
      const why = size > 0 ? undefined : await lacking()
      if (why !== undefined) {
        say(`no further index is made: ${why}`)
        return counts
      }
      if (size === 0 && isOfMachine(end)) continue
      const other = readdirSync(folder).find((each) => each !== name && each.endsWith('.gdb-index'))
      // The index of a file leads into that of its dwz file: that one comes first.
      if (dwz !== undefined && other !== undefined && size > 0) {
        if (await putBeside(database, config, { of: dwz, path: pathOf(dwz), file: join(folder, other) }) === 'none') {
          continue
        }
      }
      if (await putBeside(database, config, { of, path: pathOf(of), file: join(folder, name) }) === 'none') continue
      counts[size > 0 ? 'made' : 'failed']++
      say(
        `${of.release}/${of.folder}${of.path}: ${
          size > 0 ? `an index of ${count(size, 'byte')}` : 'no index can be made'
        }`,
      )
    }
    if (!signal.aborted) counts.made += await makeCopies(database, { ...context, lacking })
  } catch (error) {
    if (!(error instanceof FetchError && error.kind === 'no-space')) throw error
    say(error.message)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return counts
}

/** Never throws for what gdb does: whether there is an index then says how it went. */
async function runGdb(
  files: Parameters<typeof indexSandbox>[1],
  { config: { repoDir, taskMemoryMb }, engine, signal }: IndexContext & { engine: Engine },
): Promise<Ended> {
  const limits = { memoryMb: taskMemoryMb, seconds: TIMEOUT_MS / 1000 }
  const home = usableCgroups({ memoryMb: taskMemoryMb, processes: MAX_PROCESSES })
  const group = home && makeCgroup(home, { memoryMb: taskMemoryMb, processes: MAX_PROCESSES })
  try {
    await using running = await startInside(indexSandbox(engine, files, { repoDir, limits }), {
      signal,
      timeoutMs: TIMEOUT_MS,
      onStart: (pid) => void group?.add(pid),
    })
    running.output.resume()
    const { pid } = running
    const watch = setInterval(() => {
      if (pid !== undefined && group === undefined && residentMb(pid) > taskMemoryMb) running.stop()
    }, WATCH_MS)
    const end = await running.ended
    clearInterval(watch)
    return { ...end, isOverMemory: group?.wasKilled === true }
  } finally {
    await group?.remove()
  }
}
