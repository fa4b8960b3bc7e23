/** A number with its noun, as people read it: `1 frame`, `24 frames`, `0 frames`. */

/** `many` where an s at the end of `one` would not do. */
export function count(amount: number | bigint, one: string, many = `${one}s`): string {
  return `${amount} ${Number(amount) === 1 ? one : many}`
}
