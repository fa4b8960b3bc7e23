/** What the system said, or SQLite: the code of a failed call, however it came. */

/** A file system that is full, a quota that is used up, a database on such a one. */
const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']
/** What else a machine lacks: memory, processes, descriptors; and disks that fail. */
const LACKING = ['ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOBUFS', 'EIO', 'SQLITE_IOERR', 'SQLITE_NOMEM']
/** More causes than errors have. */
export const MAX_CAUSES = 8

/** What was thrown, which may be anything, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** An error and those that caused it. */
export function causesOf(error: unknown): Error[] {
  const found: Error[] = []
  for (let each = error; each instanceof Error && found.length < MAX_CAUSES; each = each.cause) found.push(each)
  return found
}

/** Whether there was no room on a disk, wherever among the causes that is said. */
export function isDiskFull(error: unknown): boolean {
  return causesOf(error).some((each) => FULL.includes(errnoOf(each) ?? ''))
}

/** Whether it was this machine that lacked something, or was broken, wherever among the causes that is said. */
export function isOfMachine(error: unknown): boolean {
  return isDiskFull(error) || causesOf(error).some((each) => LACKING.includes(errnoOf(each) ?? ''))
}

/** The code of an error (`ENOENT`, `SQLITE_BUSY`), if it has one. */
export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
