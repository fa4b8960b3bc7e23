/**
 * A lock that the kernel gives back however its holder ends, on a file that need hold nothing (flock(2)). Node has no call for it;
 * flock(1) has: what it locks is the open file that it was given, which this process keeps.
 */
import { startOutside } from './outside.ts'

/** What flock(1) says by its exit code where the time was over, and never otherwise. */
const LATE = 75
/** For flock(1) itself to start and to end. */
const MARGIN_MS = 10_000

/**
 * Locks an open file until its descriptor is closed. False: another process still had it after so many seconds. Throws
 * ProgramError where flock(1) does not work.
 */
export async function lockOpenFile(descriptor: number, seconds: number): Promise<boolean> {
  await using running = startOutside(
    'flock',
    ['flock', '--wait', String(seconds), '--conflict-exit-code', String(LATE), '0'],
    { input: descriptor, timeoutMs: seconds * 1000 + MARGIN_MS },
  )
  if ((await running.ended).code === LATE) return false
  await running.succeeded()
  return true
}
