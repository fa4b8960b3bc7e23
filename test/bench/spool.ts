/** A spool full of finished tasks, written straight to the disk, for measuring what their number costs. */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Folder } from '../helpers/folder.ts'

export const PASSWORD = 'abcdefghijklmnopqrstuv'

/** Tasks 1 to `count`, ended with a backtrace, as the server and the worker leave them. */
export function fillSpool(folder: Folder, count: number): void {
  mkdirSync(folder.file('spool'), { mode: 0o700 })
  const outcome = JSON.stringify({
    code: 'ok',
    summary: '12 frames of 1 thread, complete.',
    next_step: 'Nothing is missing.',
  })
  const files: Record<string, string> = {
    'password': PASSWORD,
    'created': `${new Date().toISOString()}\n`,
    'started': `${new Date().toISOString()}\n`,
    'manifest': 'design\n',
    'architecture': 'x86_64\n',
    'release': 'Debian GNU/Linux 12 (bookworm)\n',
    'packages': 'bash_5.2.15-2+b7_amd64\n',
    'worker.log': 'debug: gdb\n',
    'outcome.json': outcome,
    'backtrace': 'Thread 1\n#0  main () at main.c:1\n',
    'retrace-log': 'debug: gdb\n',
  }
  for (let id = 1; id <= count; id++) {
    const directory = folder.file('spool', String(id))
    mkdirSync(directory, { mode: 0o700 })
    for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text, { mode: 0o600 })
  }
}
