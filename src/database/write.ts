/**
 * Writing from a thread that others wait for: where another program writes, SQLite would put the thread to sleep until it has
 * ended, and one that stands back (a worker on a busy machine) may take long between its first write and its commit.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { causesOf, errnoOf } from '../errors/errno.ts'
import type { Database } from './database.ts'

/** As long as connections wait by themselves. */
const PATIENCE_MS = 30_000
/** Before the next try, longer each time: many may wait. */
const [PAUSE_MS, LONGEST_PAUSE_MS] = [5, 100]

/** Does `act`, one write or one transaction, since it may be done again as a whole, as soon as nobody else writes. Throws what it throws, SQLITE_BUSY after half a minute. */
export async function writeInTurn<Value>(
  database: Database,
  act: () => Value,
  patienceMs = PATIENCE_MS,
): Promise<Value> {
  const { $client: client } = database
  const last = performance.now() + patienceMs
  for (let pauseMs = PAUSE_MS;; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    const usual = Number(client.pragma('busy_timeout', { simple: true }))
    try {
      client.pragma('busy_timeout = 0')
      return act()
    } catch (cause) {
      if (!isBusy(cause) || performance.now() >= last) throw cause
    } finally {
      client.pragma(`busy_timeout = ${usual}`)
    }
    await pause(pauseMs)
  }
}

function isBusy(cause: unknown): boolean {
  return causesOf(cause).some((each) => /^SQLITE_(BUSY|LOCKED)/.test(errnoOf(each) ?? ''))
}
