/**
 * A program that ends in the middle of what it does to files: before its Nth call that changes one, by kill -9 or by a disk that is
 * full from there on. Of a file that is written then, the first half is there. Or it is stopped there (SIGSTOP), until somebody sends SIGCONT.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What Node loads before the program; it reads CUT_AT and CUT_HOW. */
const PRELOADED = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const CHANGING = ['writeFileSync', 'mkdirSync', 'mkdtempSync', 'renameSync', 'linkSync', 'symlinkSync', 'rmSync', 'rmdirSync', 'unlinkSync',
  'chmodSync', 'chownSync', 'fchmodSync', 'fchownSync', 'fsyncSync', 'openSync']
// What a full disk refuses; names go, and modes change, all the same.
const GROWING = ['writeFileSync', 'mkdirSync', 'mkdtempSync', 'linkSync', 'symlinkSync', 'fsyncSync', 'openSync', 'renameSync']
const isChanging = (name, [, flags]) =>
  name !== 'openSync' || (typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wax]/.test(flags ?? 'r'))
const { CUT_AT = '0', CUT_HOW } = process.env
let calls = 0
for (const name of CHANGING) {
  const own = fs[name]
  fs[name] = (...words) => {
    if (!isChanging(name, words) || (CUT_HOW === 'full' && !GROWING.includes(name))) return own(...words)
    calls++
    if (CUT_AT === '0' || calls < Number(CUT_AT)) return own(...words)
    if (CUT_HOW === 'stop') {
      if (calls === Number(CUT_AT)) process.kill(process.pid, 'SIGSTOP')
      return own(...words)
    }
    if (name === 'writeFileSync') own(words[0], String(words[1]).slice(0, String(words[1]).length / 2), ...words.slice(2))
    if (CUT_HOW === 'kill') process.kill(process.pid, 'SIGKILL')
    fs.writeSync(2, 'cut\\n')
    throw Object.assign(new Error('ENOSPC: no space left on device, ' + name), { code: 'ENOSPC' })
  }
}
// As root: the user of the service, whoever that is on this machine.
const read = fs.readFileSync
fs.readFileSync = (path, ...rest) =>
  path === '/etc/passwd' ? 'root:x:0:0:root:/root:/bin/sh\\nabrt-retrace:x:64321:64322::/:/bin/false\\n' : read(path, ...rest)
syncBuiltinESMExports()
`

export type Cut = 'kill' | 'full' | 'stop'

/** Writes what is loaded into a folder; the environment that makes every Node load it. */
export function cutting(folder: string): (at: number, how: Cut) => Record<string, string> {
  const path = join(folder, 'cut.mjs')
  writeFileSync(path, PRELOADED)
  return (at, how) => ({ NODE_OPTIONS: `--import=${path}`, CUT_AT: String(at), CUT_HOW: how })
}
