/**
 * What the server has to write about a task when its disk is full or read-only: it waits for the administrator, and the
 * task with it, instead of forgetting that it has ended.
 */
import { log } from '../telemetry/log.ts'
import { errnoOf } from '../errors/errno.ts'

const RETRY_MS = 2000
const TROUBLE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE'])

/** Does `act` until it no longer fails for want of a disk; gives up with the last failure when `isOver` says so. */
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
