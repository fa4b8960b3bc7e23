/**
 * What a killed process left under RETRACE_REPO_DIR: folders of packages without a row, and temporary names. Owns the
 * question what is nobody's: a name is looked at with the lock held that whoever makes it would hold. Refuses to touch
 * what it does not know, an administrator's own files among it.
 */
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import type { Database } from '../../database/database.ts'
import { isLease, takeLease } from '../index/lease.ts'
import { allReleases } from '../index/releases.ts'
import { WORK_FOLDER } from './kept.ts'
import { keptFolders } from './kept_packages.ts'
import { DAY_MS } from '../../units/time.ts'

/** A partial download is worth something to who goes on with it, for a while. */
const KEEP_PART_MS = 2 * DAY_MS

/** Removes them, or with `dryRun` only finds them; their names below `repoDir`. */
export function removeStrays(database: Database, repoDir: string, { dryRun }: { dryRun: boolean }): string[] {
  return [...strayFolders(database, repoDir, dryRun), ...strayNames(database, repoDir, dryRun)]
}

function strayFolders(database: Database, repoDir: string, dryRun: boolean): string[] {
  const found: string[] = []
  for (const { id, name } of allReleases(database)) {
    // With the lock held: a folder comes and goes in the transaction that notes it.
    database.transaction(() => {
      const known = keptFolders(database, id)
      for (const folder of namesIn(join(repoDir, name))) {
        if (known.has(folder)) continue
        found.push(join(name, folder))
        if (!dryRun) renameSync(join(repoDir, name, folder), join(repoDir, `${GOING}${found.length}`))
      }
    }, { behavior: 'immediate' })
  }
  return found
}

/** Where stray folders go before they are removed, which can take longer than a lock may be held. */
const GOING = '.stray-'

function strayNames(database: Database, repoDir: string, dryRun: boolean): string[] {
  const found: string[] = []
  const take = (name: string, isReported = true) => {
    if (isReported) found.push(name)
    if (!dryRun) rmSync(join(repoDir, name), { recursive: true, force: true })
  }
  for (const name of namesIn(repoDir)) if (name.startsWith(GOING)) take(name, false)
  for (const name of namesIn(join(repoDir, WORK_FOLDER))) {
    if (isNobodys(database, join(repoDir, WORK_FOLDER, name), name)) take(join(WORK_FOLDER, name))
  }
  return found
}

/** Names are `ID.part`, `ID.new`, `ID.gone` and such, `ID.part.check`; whoever makes one holds the package's lease. */
function isNobodys(database: Database, file: string, name: string): boolean {
  const [stem = '', ...rest] = name.split('.')
  const ending = rest.join('.')
  if (!/^[0-9]+$/.test(stem)) return true
  const taken = takeLease(database, `package:${stem}`)
  if (!isLease(taken)) return false
  taken[Symbol.dispose]()
  return ending !== 'part' || Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEEP_PART_MS
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}
