/**
 * Leases: the right to be the only one at something, across processes, kept in the database. A lease ends when it is
 * given back, when its process ends (a kill -9 included), or when it is not renewed in time.
 */
import type { Database } from '../../database/database.ts'
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

/** Takes a lease, or says who holds it. */
export function takeLease(database: Database, subject: string): Lease | LeaseHolder {
  const me = thisProcess()
  const holder = database.$client.transaction(() => {
    const client = database.$client
    const row = client.prepare('SELECT host, pid, started, until FROM lease WHERE subject = ?').get(subject) as
      | (ProcessName & { until: number })
      | undefined
    if (row !== undefined && isRunning(row)) return row
    client.prepare(
      `INSERT INTO lease (subject, host, pid, started, until) VALUES (:subject, :host, :pid, :started, :until)
       ON CONFLICT DO UPDATE SET host = :host, pid = :pid, started = :started, until = :until`,
    ).run({ subject, ...me, until: unixSeconds() + LEASE_S })
    return undefined
  }).immediate()
  if (holder !== undefined) return { host: holder.host, pid: holder.pid }
  const owned = 'subject = ? AND host = ? AND pid = ? AND started = ?'
  const owner = [subject, me.host, me.pid, me.started]
  const timer = setInterval(() => {
    database.$client.prepare(`UPDATE lease SET until = ? WHERE ${owned}`).run(unixSeconds() + LEASE_S, ...owner)
  }, LEASE_S / 4 * 1000)
  timer.unref()
  return {
    subject,
    [Symbol.dispose]() {
      clearInterval(timer)
      if (database.$client.open) database.$client.prepare(`DELETE FROM lease WHERE ${owned}`).run(...owner)
    },
  }
}

/** Whether what takeLease() gave is the lease, not its holder. */
export function isLease(taken: Lease | LeaseHolder): taken is Lease {
  return 'subject' in taken
}
