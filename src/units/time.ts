/** Amounts of time, and the clock in the unit that the database has. */

export const HOUR_S = 3600
export const DAY_S = 24 * HOUR_S
export const HOUR_MS = 1000 * HOUR_S
export const DAY_MS = 1000 * DAY_S

/** Whole seconds since 1970 (UTC), now. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
