/**
 * Paths of files in packages, in the one spelling that the index uses: absolute, without `.` segments, usrmerged
 * (`/bin`, `/sbin`, `/lib*` are `/usr/...`; docs/facts.md, 'Debian packages': one library has up to four names).
 * Refuses `..`, NUL, and what is longer than a path can be.
 */
const MAX_PATH = 4096

/** The one spelling, or undefined for what can be no file of a package. */
export function normalPath(path: string): string | undefined {
  if (path.length === 0 || path.length > MAX_PATH || path.includes('\0')) return undefined
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0 || segments.includes('..')) return undefined
  return usrMerged(`/${segments.join('/')}`)
}

/** `/lib/x` -> `/usr/lib/x`, likewise bin, sbin, lib32, lib64, libx32, libo32; all others as they are. */
export function usrMerged(path: string): string {
  return /^\/(bin|sbin|lib[a-z0-9]*)\//.test(path) ? `/usr${path}` : path
}
