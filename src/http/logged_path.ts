/** The path of a request as the log may hold it: whoever knows the address of an upload can end it. Pure. */

/** The address of an upload becomes `...`; all other paths stay as they are. */
export function loggedPath(path: string): string {
  return path.replace(/^\/uploads\/[^/?]+/, '/uploads/...')
}
