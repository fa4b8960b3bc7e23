/**
 * promtool, out of Debian's package prometheus: unpacked, not installed, since that would start a Prometheus.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import type { Folder } from './folder.ts'

/** Path of the program, fetched through this machine's apt into the folder. Throws what apt says. */
export function fetchPromtool(folder: Folder): string {
  // apt downloads as a user of its own, which must be able to write there.
  chmodSync(folder.path, 0o777)
  execFileSync('apt-get', ['download', '-qq', 'prometheus'], { cwd: folder.path, stdio: 'pipe', timeout: 120_000 })
  const [deb = ''] = readdirSync(folder.path).filter((name) => name.endsWith('.deb'))
  execFileSync('dpkg-deb', ['-x', folder.file(deb), folder.file('prometheus')], { timeout: 60_000 })
  return folder.file('prometheus', 'usr', 'bin', 'promtool')
}
