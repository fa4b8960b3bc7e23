/** Debuginfo that leans on a third file, as dwz makes it, for tests. */
import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { type MadeElf, makeElf } from './made_elf.ts'

/** Two libraries whose common debuginfo dwz moves into a third file. */
export function dwzPair(folder: string): { one: MadeElf; dwz: string; dwzId: string } {
  const source = (name: string) =>
    `struct common { int a; char *b; struct common *next; }; int ${name}(struct common *c) { return c ? c->a : 0; }
     ${
      Array.from({ length: 200 }, (_, i) => `struct s${i} { struct common c; int x${i}; }; struct s${i} v${i};`).join(
        '\n',
      )
    }`
  const one = makeElf(folder, 'libone', { source: source('one') })
  const two = makeElf(folder, 'libtwo', { source: source('one') })
  const dwz = `${folder}/common.debug`
  copyFileSync(two.debug, `${folder}/libtwo.copy`)
  execFileSync('dwz', [
    '-m',
    dwz,
    '-M',
    '/usr/lib/debug/.dwz/x86_64-linux-gnu/one.debug',
    one.debug,
    `${folder}/libtwo.copy`,
  ])
  const notes = execFileSync('readelf', ['-n', dwz], { encoding: 'utf8' })
  return { one, dwz, dwzId: /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? '' }
}
