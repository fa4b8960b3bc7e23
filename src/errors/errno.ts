/** What the system said, or SQLite: the code of a failed call, however it came. */

/** The code of an error (`ENOENT`, `SQLITE_BUSY`), if it has one. */
export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
