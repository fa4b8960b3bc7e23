/** The attempts of test/fixtures/wall, made in the machine in the place of a debugger behind a wall that hides and refuses nothing itself. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import type { Machine } from './machine.ts'

const PROBE = '/usr/local/lib/attempts'
const SECRET = '/var/spool/abrt-retrace/of-another-task'
/** The machine's folders are bound where they are, for writing, and its network is there: what is refused, the policy refuses. */
const SANDBOX = `bwrap --unshare-pid ${
  ['usr', 'etc', 'var', 'run', 'tmp', 'root'].map((name) => `--bind /${name} /${name}`).join(' ')
} --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --ro-bind ${PROBE} /usr/bin/gdb-multiarch --`

/**
 * The lines of those that succeeded. `unit`: words for systemd-run, by which the first program is confined as the server's unit
 * is; it makes a user namespace as the server does.
 */
export async function attempts(machine: Machine, unit: string): Promise<string[]> {
  await using folder = await temporaryFolder()
  const probe = folder.file('attempts')
  execFileSync('gcc', [
    '-std=gnu11',
    '-static',
    '-s',
    '-o',
    probe,
    join(installationRoot(), 'test/fixtures/wall/attempts.c'),
  ])
  const packed = gzipSync(Buffer.from(readFileSync(probe))).toString('base64')
  await machine.get(
    `base64 -d <<<${packed} | gzip -d >${PROBE}; chmod 755 ${PROBE}; restorecon ${PROBE} 2>/dev/null || true
    install -m 600 -o abrt-retrace /dev/null ${SECRET}; restorecon ${SECRET} 2>/dev/null || true`,
  )
  const said = await machine.get(
    `sleep 600 & victim=$!
    systemd-run -q --wait --pipe -p User=abrt-retrace -p NoNewPrivileges=yes ${unit} unshare --user --map-root-user --keep-caps \\
      ${SANDBOX} /usr/bin/gdb-multiarch 8443 nobody ${SECRET} $victim
    kill $victim; rm ${SECRET}`,
    300,
  )
  return said.split('\n').filter((line) => !line.endsWith(' no'))
}
