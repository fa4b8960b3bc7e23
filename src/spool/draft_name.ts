/**
 * Names of directories that are no task yet, or not any more, and whether the process that made one still lives.
 * A draft's name carries its process and that process's start, so that a number used again does not keep it alive.
 */
import { randomBytes } from 'node:crypto'
import { pid } from 'node:process'
import { startOf } from '../process/identity.ts'

/** A new name for the draft of an upload: never a task id. */
export function newDraftName(): string {
  return `upload-${pid}-${startOf(pid) ?? 0}-${randomBytes(9).toString('hex')}`
}

/** A new name for the directory of a task that is being deleted. */
export function newRemovalName(id: string): string {
  return `removed-${id}-${randomBytes(6).toString('hex')}`
}

/** The directory of an upload that arrives in parts: it outlives its server. */
export const PARTIAL = /^partial-[0-9a-f]{32}$/

const DRAFT = /^upload-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]+$/

/** Whether a directory is an upload that another process began, or a removal, that lives or not. */
export function isUnfinished(name: string): boolean {
  if (name.startsWith('removed-')) return true
  const draft = DRAFT.exec(name)
  return draft !== null && (draft[1] !== String(pid) || draft[2] !== startOf(pid))
}

/** Whether a directory of the spool is what a dead upload or an unfinished removal left behind. */
export function isLeftOver(name: string): boolean {
  if (name.startsWith('removed-')) return true
  const draft = DRAFT.exec(name)
  return draft !== null && String(startOf(Number(draft[1])) ?? 'gone') !== draft[2]
}
