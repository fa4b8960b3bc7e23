/** What lies in a spool besides the lock of the server that works on it. */
import { readdirSync } from 'node:fs'

export function spoolEntries(spoolDir: string): string[] {
  return readdirSync(spoolDir).filter((name) => name !== 'server.lock')
}
