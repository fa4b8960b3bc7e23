/**
 * What a killed process left under RETRACE_REPO_DIR: folders of packages without a row, and temporary names. A name is
 * judged while holding the lock under which such a name is created, so nothing that is just being made is taken for a
 * stray. Only folders of releases and the work folder are searched: what else an administrator keeps there is left
 * alone. Synchronous: syncs and clean-ups run it.
 */
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import type { Database } from '../../database/database.ts'
import { isLease, takeLease } from '../index/lease.ts'
import { allReleases } from '../index/releases.ts'
import { COPY_WORK, INDEX_WORK, WORK_FOLDER } from './kept.ts'
import { keptFolders } from './kept_packages.ts'
import { viewState } from './view.ts'
import { DAY_MS } from '../../units/time.ts'

/** A partial download can be resumed for this long. */
const KEEP_PART_MS = 2 * DAY_MS

/** Removes strays, or only finds them with `dryRun`; returns their names below `repoDir`. */
export function removeStrays(database: Database, repoDir: string, { dryRun }: { dryRun: boolean }): string[] {
  return [...strayFolders(database, repoDir, dryRun), ...strayNames(database, repoDir, dryRun)]
}

function strayFolders(database: Database, repoDir: string, dryRun: boolean): string[] {
  const found: string[] = []
  for (const { id, name } of allReleases(database)) {
    // With the lock held, since a folder comes and goes in the transaction that notes it.
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

/**
 * Whether nobody works on a name such as `ID.part`, `ID.new`, `ID.gone` or `ID.part.check`: to make one takes the
 * package's lease, or that of indices or copies.
 */
function isNobodys(database: Database, file: string, name: string): boolean {
  const view = viewState(file)
  if (view !== 'none') return view === 'over'
  const [stem = '', ...rest] = name.split('.')
  const ending = rest.join('.')
  const isOwn = name === INDEX_WORK || name === COPY_WORK
  if (!isOwn && !/^[0-9]+$/.test(stem)) return true
  const taken = takeLease(database, isOwn ? name : `package:${stem}`)
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
