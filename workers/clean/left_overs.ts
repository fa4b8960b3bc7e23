/**
 * What nothing refers to in the spool: uploads whose server died, removals that were cut short, temporary names in tasks
 * that have ended. Refuses to touch what a living process made.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeftOver } from '../../src/spool/draft_name.ts'
import { sizeOf } from './tasks.ts'

/** A removal that another program is in the middle of is left to it for so long. */
const REMOVAL_MS = 60_000

export interface LeftOver {
  path: string
  bytes: number
}

/** Everything in the spool directory that is no task and that nobody works on. */
export function findLeftOvers(spoolDir: string, now: Date): LeftOver[] {
  return readdirSync(spoolDir).filter(isLeftOver).map((name) => join(spoolDir, name))
    .filter((path) => isDead(path, now))
    .map((path) => ({ path, bytes: sizeOf(path) }))
}

export async function removeLeftOver({ path }: LeftOver): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

function isDead(path: string, now: Date): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  // The rename that begins a removal sets the change time.
  return found !== undefined && (!/\/removed-[^/]*$/.test(path) || now.getTime() - found.ctimeMs > REMOVAL_MS)
}
