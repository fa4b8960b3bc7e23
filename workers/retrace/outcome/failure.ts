/**
 * What an error that ended a step means: the database, the machine, or a mistake of ours. Pure. Decides by codes, never by
 * texts; names no path, since whoever sent the core reads it.
 */
import { causesOf, errnoOf, isDiskFull } from '../../../src/errors/errno.ts'
import { UsageError } from '../../../src/errors/usage_error.ts'
import { ProgramError } from '../../../src/process/error.ts'
import type { Reason } from './reason.ts'

/** The database could not be opened: whatever was thrown stands in `cause`. */
export class NoDatabase extends Error {
  override name = 'NoDatabase'
}

/** Of a file system or a process: forbidden, failing, or out of something. */
const UNFIT: Readonly<Record<string, string>> = {
  EROFS: 'a file system may only be read',
  EACCES: 'files may not be written',
  EPERM: 'files may not be written',
  EIO: 'a disk fails',
  EMFILE: 'there are no file descriptors left',
  ENFILE: 'there are no file descriptors left',
  ENOMEM: 'there is no memory left',
  EAGAIN: 'no more processes may be started',
}

export function reasonOf(error: unknown): Reason {
  if (isDiskFull(error)) return { kind: 'disk-full' }
  const errors = causesOf(error)
  const codes = errors.flatMap((each) => errnoOf(each) ?? [])
  const sqlite = codes.find((code) => code.startsWith('SQLITE_'))
  const isOpening = error instanceof NoDatabase
  if (isOpening || sqlite !== undefined) {
    const told = errors.find((each) => each instanceof UsageError)
    const said = told?.message.replace(/ \(\/[^)]*\)/g, '')
    return { kind: 'no-database', detail: said ?? sqlite ?? codes[0] ?? 'it cannot be opened' }
  }
  const unfit = codes.find((code) => Object.hasOwn(UNFIT, code))
  if (unfit !== undefined) return { kind: 'server-unfit', detail: `${UNFIT[unfit]} (${unfit})` }
  const program = errors.find((each) => each instanceof ProgramError && each.kind === 'not-started')
  if (program !== undefined) return { kind: 'server-unfit', detail: program.message }
  return { kind: 'worker-failed', detail: error instanceof Error ? error.message : String(error) }
}
