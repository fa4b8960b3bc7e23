/** What this process may do with a file or folder, as the kernel answers before it is tried (access(2)). */
import { accessSync } from 'node:fs'

/** `mode`: of fs.constants, R_OK, W_OK and X_OK. False, too, where nothing is there. */
export function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
