/**
 * Leases, the table `lease`: the right to be the only one at something, across processes. A lease ends when it is
 * returned, when its process ends (even by kill -9), or when it is not renewed in time.
 */
import { and, eq } from 'drizzle-orm'
import { lease } from '../../../schema/tables.ts'
import { type Database, isOpen } from '../../database/database.ts'
import { isRunning, type ProcessName, thisProcess } from '../../process/identity.ts'
import { unixSeconds } from '../../units/time.ts'

const LEASE_S = 60

export interface LeaseHolder {
  host: string
  pid: number
}

/** A lease that this process holds; it renews itself until it is disposed of. */
export interface Lease extends Disposable {
  subject: string
}

/** Takes a lease, or returns its holder. */
export function takeLease(database: Database, subject: string): Lease | LeaseHolder {
  const me = thisProcess()
  const holder = database.transaction(() => claim(database, subject, me), { behavior: 'immediate' })
  if (holder !== undefined) return holder
  const isOurs = and(
    eq(lease.subject, subject),
    eq(lease.host, me.host),
    eq(lease.pid, me.pid),
    eq(lease.started, me.started),
  )
  const timer = setInterval(() => {
    database.update(lease).set({ until: unixSeconds() + LEASE_S }).where(isOurs).run()
  }, LEASE_S / 4 * 1000)
  timer.unref()
  return {
    subject,
    [Symbol.dispose]() {
      clearInterval(timer)
      if (isOpen(database)) database.delete(lease).where(isOurs).run()
    },
  }
}

/** Takes a lease that nobody holds any more; returns the holder, or undefined when it is ours now. */
function claim(database: Database, subject: string, me: ProcessName): LeaseHolder | undefined {
  const row = database.select().from(lease).where(eq(lease.subject, subject)).get()
  if (row !== undefined && isRunning(row)) return { host: row.host, pid: row.pid }
  const until = unixSeconds() + LEASE_S
  database.insert(lease).values({ subject, ...me, until })
    .onConflictDoUpdate({ target: lease.subject, set: { ...me, until } }).run()
  return undefined
}

/** Whether takeLease() returned the lease rather than its holder. */
export function isLease(taken: Lease | LeaseHolder): taken is Lease {
  return 'subject' in taken
}
