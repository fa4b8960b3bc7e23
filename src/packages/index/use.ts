/**
 * Which packages a process needs right now, the table `package_use`: they are not evicted. A use ends when it is given
 * back, when its process ends (a kill -9 included), or, for another host's process, with the time.
 */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { packages, packageUse } from '../../../schema/tables.ts'
import { type Database, isOpen } from '../../database/database.ts'
import { prepared } from '../../database/prepared.ts'
import { isRunning, type ProcessName, thisProcess } from '../../process/identity.ts'
import { unixSeconds } from '../../units/time.ts'

export interface PackageCounts {
  readonly here: number
  readonly fetched: number
}

const folderOf = prepared((database) =>
  database.select({ folder: packages.folder }).from(packages).where(eq(packages.id, sql.placeholder('id'))).prepare()
)

const addUse = prepared((database) =>
  database.insert(packageUse).values({
    packageId: sql.placeholder('id'),
    host: sql.placeholder('host'),
    pid: sql.placeholder('pid'),
    started: sql.placeholder('started'),
    until: sql.placeholder('until'),
  }).onConflictDoNothing().prepare()
)

const touch = prepared((database) =>
  database.update(packages).set({ used: sql`${sql.placeholder('now')}` })
    .where(and(eq(packages.id, sql.placeholder('id')), isNotNull(packages.kept))).prepare()
)

/** The uses of this process, for one task. */
export class PackageUses implements Disposable {
  readonly #database: Database
  readonly #me = thisProcess()
  readonly #until: number
  /** By id: whether its files were here when it was first claimed. */
  readonly #claimed = new Map<number, boolean>()

  /** `seconds`: as long as the task can last. */
  constructor(database: Database, seconds: number) {
    this.#database = database
    this.#until = unixSeconds() + seconds
  }

  /**
   * Marks the package as in use from now on, whether its files are here or still to be fetched. Returns the folder of
   * its files when they are here: a row that was read earlier may be out of date.
   */
  claim(id: number): string | null {
    this.claimAll([id])
    return this.#folder(id)
  }

  /** Marks packages that will be claimed, in one transaction: a hundred of them take longer than all questions of a task. */
  claimAll(ids: readonly number[]): void {
    const fresh = [...new Set(ids)].filter((id) => !this.#claimed.has(id))
    if (fresh.length === 0) return
    this.#note(fresh)
    for (const id of fresh) this.#claimed.set(id, this.#folder(id) !== null)
  }

  /** How many packages were here, and how many were fetched; one that could not be fetched is in neither count. */
  counts(): PackageCounts {
    const counts = { here: 0, fetched: 0 }
    for (const [id, wasHere] of this.#claimed) {
      if (wasHere) counts.here++
      else if (this.#folder(id) !== null) counts.fetched++
    }
    return counts
  }

  #folder(id: number): string | null {
    return folderOf(this.#database).get({ id })?.folder ?? null
  }

  #note(ids: readonly number[]): void {
    const database = this.#database
    database.transaction(() => {
      for (const id of ids) {
        addUse(database).run({ id, ...this.#me, until: this.#until })
        touch(database).run({ id, now: unixSeconds() })
      }
    }, { behavior: 'immediate' })
  }

  [Symbol.dispose](): void {
    if (!isOpen(this.#database) || this.#claimed.size === 0) return
    this.#claimed.clear()
    forgetUses(this.#database, this.#me)
  }
}

/** Ids of the packages that running processes need; forgets the uses of those that have ended. */
export function packagesInUse(database: Database): Set<number> {
  const verdicts = new Map<string, boolean>()
  const used = new Set<number>()
  for (const row of database.select().from(packageUse).all()) {
    const key = `${row.host} ${row.pid} ${row.started}`
    const known = verdicts.get(key)
    const runs = known ?? isRunning(row)
    if (known === undefined) verdicts.set(key, runs)
    if (runs) used.add(row.packageId)
    else if (known === undefined) forgetUses(database, row)
  }
  return used
}

function forgetUses(database: Database, { host, pid, started }: ProcessName): void {
  database.delete(packageUse)
    .where(and(eq(packageUse.host, host), eq(packageUse.pid, pid), eq(packageUse.started, started))).run()
}
