/** Whether a spool is its server's alone, and what to do where it is not. */
import { readdirSync } from 'node:fs'
import { geteuid } from 'node:process'
import { isTaskId } from './task_ids.ts'

const STICKY = 0o1000
/** Names that a server gives in its spool, beside those of tasks. */
const OURS = /^(?:upload-|removed-|server\.lock)/
/** More names than tell whose folder it is. */
const MAX_NAMES = 1000

/** Whether others than the owner can write to a directory of this mode: what they put there could pass for a task. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & 0o022) !== 0
}

/** Whether a spool of this owner is somebody else's, whom neither root nor its server is: tasks would be theirs to read. */
export function isAnothers(uid: number, us = geteuid?.()): boolean {
  return us !== undefined && uid !== us && uid !== 0
}

/** What to do about a directory that others can write to. One that others use, too, is not to be taken from them. */
export function adviceOnOpen(path: string, mode: number): string {
  if ((mode & STICKY) === 0 && isOurs(path)) return `run chmod 0700 on it`
  return 'others use this folder, too: set RETRACE_SPOOL_DIR to one of its own, such as ' +
    `${path === '/' ? '' : path}/abrt-retrace`
}

/** Whether nothing is in it but what servers put there. */
function isOurs(path: string): boolean {
  try {
    return readdirSync(path).slice(0, MAX_NAMES).every((name) => isTaskId(name) || OURS.test(name))
  } catch {
    return false
  }
}
