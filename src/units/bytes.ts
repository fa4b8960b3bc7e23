/**
 * Amounts of bytes, and how they are written. In this project's settings and sentences a KB is a KiB, a MB a MiB, as
 * the README says; in code they have their own names.
 */

export const KIB = 1024
export const MIB = 2 ** 20
export const GIB = 2 ** 30

/** `7.0 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MB`
}

/** Lower-case hexadecimal, as build-ids and checksums are written. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
