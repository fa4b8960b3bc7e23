/**
 * When the disk is full or read-only at the end of a task, the server waits for the administrator, and the task with
 * it, instead of losing the fact that it has ended.
 */
import { log } from '../telemetry/log.ts'
import { errnoOf } from '../errors/errno.ts'

const RETRY_MS = 2000
const TROUBLE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE'])

/** Repeats `act` until it no longer fails because of the disk; throws the last failure when `isOver` says so. */
export async function persist(
  task: string,
  { act, isOver, retryMs = RETRY_MS }: { act: () => Promise<void> | void; isOver: () => boolean; retryMs?: number },
): Promise<void> {
  for (let isFirst = true;; isFirst = false) {
    try {
      return await act()
    } catch (cause) {
      const errno = errnoOf(cause)
      if (errno === undefined || !TROUBLE.has(errno) || isOver()) throw cause
      if (isFirst) log('runner').error(`Cannot write to the spool (${errno}); the task waits until I can`, { task })
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}
