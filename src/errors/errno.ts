/** What the system said: the code of a failed call, however it came. */

/** The system's code of an error (`ENOENT`), if it has one. */
export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}
