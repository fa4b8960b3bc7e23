/**
 * Leases: the right to be the only one at something, across processes, kept in the database. A lease ends when it is
 * given back, when its process ends (a kill -9 included), or when it is not renewed in time.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'
import type { Database } from '../../database.ts'

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
  const me = { host: hostname(), pid, started: startOf(pid) ?? '' }
  const holder = database.$client.transaction(() => {
    const client = database.$client
    const row = client.prepare('SELECT host, pid, started, until FROM lease WHERE subject = ?').get(subject) as
      | (LeaseHolder & { started: string; until: number })
      | undefined
    if (row !== undefined && isHeld(row)) return row
    client.prepare(
      `INSERT INTO lease (subject, host, pid, started, until) VALUES (:subject, :host, :pid, :started, :until)
       ON CONFLICT DO UPDATE SET host = :host, pid = :pid, started = :started, until = :until`,
    ).run({ subject, ...me, until: now() + LEASE_S })
    return undefined
  }).immediate()
  if (holder !== undefined) return { host: holder.host, pid: holder.pid }
  const owned = 'subject = ? AND host = ? AND pid = ? AND started = ?'
  const owner = [subject, me.host, me.pid, me.started]
  const timer = setInterval(() => {
    database.$client.prepare(`UPDATE lease SET until = ? WHERE ${owned}`).run(now() + LEASE_S, ...owner)
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

/** On this host the process decides, elsewhere the time. */
function isHeld(row: LeaseHolder & { started: string; until: number }): boolean {
  if (row.host !== hostname()) return row.until > now()
  return isAlive(row.pid) && (startOf(row.pid) ?? '') === row.started
}

function isAlive(other: number): boolean {
  try {
    kill(other, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses. Undefined without /proc. */
function startOf(process: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
