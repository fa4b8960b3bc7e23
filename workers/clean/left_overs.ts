/**
 * What nothing refers to in the spool: uploads whose server died, removals that were cut short, and in tasks that have
 * ended the core and what a killed run left. What a running process is making is left alone.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { isLeftOver, PARTIAL } from '../../src/spool/draft_name.ts'
import { listTasks } from '../../src/spool/recovery.ts'
import { isTidy, tidy, tracesOf } from '../../src/task/tidy.ts'
import { sizeOf } from './tasks.ts'

/** How long an unfinished removal is left to the program that began it. */
const REMOVAL_MS = 60_000
/** How much longer than RETRACE_UPLOAD_LIFE_S an upload in parts is left to its server, which deletes it then. */
const PARTIAL_GRACE_MS = 60_000

export interface LeftOver {
  path: string
  bytes: number
  remove(): Promise<void>
}

/** Everything in the spool directory that no task needs and that no process works on. */
export async function findLeftOvers(
  { spoolDir, uploadLifeS }: Pick<Config, 'spoolDir' | 'uploadLifeS'>,
  now: Date,
): Promise<LeftOver[]> {
  const partialMs = uploadLifeS * 1000 + PARTIAL_GRACE_MS
  return [...deadDirectories(spoolDir, { now, partialMs }), ...await inEndedTasks(spoolDir)]
}

function deadDirectories(spoolDir: string, { now, partialMs }: { now: Date; partialMs: number }): LeftOver[] {
  const names = readdirSync(spoolDir)
  const dead = names.filter(isLeftOver).map((name) => join(spoolDir, name)).filter((path) => isDead(path, now))
  const unfinished = names.filter((name) => PARTIAL.test(name)).map((name) => join(spoolDir, name))
    .filter((path) => now.getTime() - touched(path) > partialMs)
  return [...dead, ...unfinished]
    .map((path) => ({
      path,
      bytes: sizeOf(path),
      remove: async () => await rm(path, { recursive: true, force: true, maxRetries: 3 }),
    }))
}

/** When anything of an upload in parts was last written, in Unix milliseconds; Infinity: it has gone. */
function touched(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Infinity
}

function isDead(path: string, now: Date): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  // The rename that begins a removal sets the change time.
  return found !== undefined && (!/\/removed-[^/]*$/.test(path) || now.getTime() - found.ctimeMs > REMOVAL_MS)
}

/** Whoever ends a task tidies up after it, unless it is killed in between. */
async function inEndedTasks(spoolDir: string): Promise<LeftOver[]> {
  const untidy = (await listTasks(spoolDir)).filter((task) => task.hasEnded() && !isTidy(task))
  return untidy.map((task) => ({
    path: task.directory,
    bytes: [task.file('coredump'), ...tracesOf(task)].reduce((sum, path) => sum + sizeOf(path), 0),
    remove: async () => await Promise.resolve(tidy(task)),
  }))
}
