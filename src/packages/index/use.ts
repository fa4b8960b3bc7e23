/**
 * Which packages a process needs right now: they are not evicted. A use ends when it is given back, when its process
 * ends (a kill -9 included), or, for another host's process, with the time. Owns `package_use` and `package.used`.
 */
import type { Database } from '../../database/database.ts'
import { isRunning, type ProcessName, thisProcess } from '../../process/identity.ts'
import { unixSeconds } from '../../units/time.ts'

export interface PackageCounts {
  readonly here: number
  readonly fetched: number
}

/** The uses of this process, for one task. */
export class PackageUses implements Disposable {
  readonly #client: Database['$client']
  readonly #me = thisProcess()
  readonly #until: number
  /** By id: whether its files were here when it was first claimed. */
  readonly #claimed = new Map<number, boolean>()
  readonly #folder: ReturnType<Database['$client']['prepare']>

  /** `seconds`: as long as the task can last. */
  constructor(database: Database, seconds: number) {
    this.#client = database.$client
    this.#until = unixSeconds() + seconds
    this.#folder = this.#client.prepare('SELECT folder FROM package WHERE id = ?').pluck()
  }

  /**
   * From now on the package is in use, whether its files are here or are to be fetched. The folder of its files when
   * they are here: what was read of the package before may have been evicted since.
   */
  claim(id: number): string | null {
    if (!this.#claimed.has(id)) this.#note(id)
    const folder = this.#folder.get(id) as string | null
    if (!this.#claimed.has(id)) this.#claimed.set(id, folder !== null)
    return folder
  }

  /** How many of them were here, and how many have come since; one that could not be had is neither. */
  counts(): PackageCounts {
    const counts = { here: 0, fetched: 0 }
    for (const [id, wasHere] of this.#claimed) {
      if (wasHere) counts.here++
      else if (this.#folder.get(id) !== null) counts.fetched++
    }
    return counts
  }

  #note(id: number): void {
    this.#client.transaction(() => {
      this.#client.prepare(
        `INSERT OR IGNORE INTO package_use (package_id, host, pid, started, until)
         VALUES (:id, :host, :pid, :started, :until)`,
      ).run({ id, ...this.#me, until: this.#until })
      this.#client.prepare('UPDATE package SET used = ? WHERE id = ? AND kept IS NOT NULL').run(unixSeconds(), id)
    }).immediate()
  }

  [Symbol.dispose](): void {
    if (!this.#client.open || this.#claimed.size === 0) return
    this.#claimed.clear()
    this.#client.prepare('DELETE FROM package_use WHERE host = :host AND pid = :pid AND started = :started')
      .run({ ...this.#me })
  }
}

/** Ids of the packages that running processes need; forgets the uses of those that have ended. */
export function packagesInUse(database: Database): Set<number> {
  const client = database.$client
  const rows = client.prepare('SELECT package_id AS id, host, pid, started, until FROM package_use')
    .all() as (ProcessName & { id: number; until: number })[]
  const verdicts = new Map<string, boolean>()
  const used = new Set<number>()
  for (const row of rows) {
    const key = `${row.host} ${row.pid} ${row.started}`
    const known = verdicts.get(key)
    const runs = known ?? isRunning(row)
    if (known === undefined) verdicts.set(key, runs)
    if (runs) used.add(row.id)
    else if (known === undefined) {
      client.prepare('DELETE FROM package_use WHERE host = :host AND pid = :pid AND started = :started')
        .run({ host: row.host, pid: row.pid, started: row.started })
    }
  }
  return used
}
