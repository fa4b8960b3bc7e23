/** A command line or a setting that makes no sense: what every program ends with exit code 2 for. */

/** Thrown for a command line or a setting that makes no sense; ends a program with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}
