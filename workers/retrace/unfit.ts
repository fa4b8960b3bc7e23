/**
 * Whether it is the server that is unfit where no engine came to its first answer: no gdb is here, or no sandbox works.
 * What starts a sandbox can fail without a word; then its end looks like one of gdb's own.
 */
import { tryWall } from '../../src/process/trial.ts'
import type { SessionEnd } from './gdb/session.ts'

/** Ends that could be those of a sandbox, too. */
const DOUBTFUL: readonly SessionEnd['kind'][] = ['exit', 'garbled']

/** `end` is the last engine's; it stays what it was unless there are no engines, or a sandbox with nothing in it fails, too. */
export async function unlessUnfit(
  end: SessionEnd | undefined,
  { engines }: { engines: readonly unknown[] },
): Promise<SessionEnd | undefined> {
  if (engines.length === 0) {
    return { kind: 'unstarted', detail: 'gdb-multiarch is not installed, and RETRACE_ENGINE_DIR has no engine' }
  }
  if (end === undefined || !DOUBTFUL.includes(end.kind)) return end
  try {
    await tryWall({})
    return end
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { kind: 'unstarted', detail: `no sandbox works: ${why}` }
  }
}
