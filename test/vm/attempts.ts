/** The attempts of test/fixtures/wall, made in the machine in the place of a debugger behind a wall that hides and refuses nothing itself. */
import { strict as assert } from 'node:assert'
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { installationRoot } from '../../src/program/program.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import type { Machine } from './machine.ts'

/** The program, which takes the place of gdb inside. */
export const PROBE = '/usr/local/lib/attempts'
/** All attempts take a minute or two where each refusal is written down. */
const LIMIT_S = 600
/** A file of another task. */
export const SECRET = '/var/spool/abrt-retrace/of-another-task'

/** How it is confined. */
export interface Confined {
  /** Words for systemd-run, by which the first program is confined as the server's unit is. */
  readonly unit: string
  /** What is done before, as root, when PROBE and SECRET are there. */
  readonly before?: string
  /** The first program: it runs its arguments. */
  readonly first?: string
  /** Where it writes what is said, if not to its standard output, which SELinux lets nobody hand over. */
  readonly said?: string
  /** The machine's folders that are bound where they are, for writing; its network is there: what is refused, the policy refuses. */
  readonly bound: readonly string[]
  /** Where PROBE is inside, in memory if that is not the machine's. */
  readonly place: string
}

function sandbox(bound: readonly string[], place: string): string {
  const words = bound.map((name) => `--bind /${name} /${name}`)
  const links = ['lib', 'lib64', 'bin'].map((name) => `--symlink usr/${name} /${name}`)
  // It dies with whoever started it: its first process waits for all that is inside, also for what stays by intent.
  return ['bwrap --unshare-pid --die-with-parent', ...words, ...links, `--ro-bind ${PROBE} ${place} -- ${place}`].join(
    ' ',
  )
}

/** The lines of those that succeeded. It makes a user namespace as the server does. */
export async function attempts(
  machine: Machine,
  { unit, before, first, said, bound, place }: Confined,
): Promise<string[]> {
  await using folder = await temporaryFolder()
  const probe = folder.file('attempts')
  const source = join(installationRoot(), 'test/fixtures/wall/attempts.c')
  execFileSync('gcc', ['-std=gnu11', '-static', '-s', '-o', probe, source])
  const packed = gzipSync(Buffer.from(readFileSync(probe))).toString('base64')
  await machine.get(
    `base64 -d <<<${packed} | gzip -d >${PROBE}; chmod 755 ${PROBE}
    install -m 600 -o abrt-retrace /dev/null ${SECRET}
    ${before ?? ''}`,
  )
  const text = await machine.get(
    `sleep ${LIMIT_S} >/dev/null 2>&1 & victim=$!
    trap 'kill $victim; rm ${SECRET}' EXIT
    systemd-run -q --wait ${said === undefined ? '--pipe' : ''} -p User=abrt-retrace -p NoNewPrivileges=yes \\
      -p RuntimeMaxSec=${LIMIT_S} ${unit} ${first ?? ''} \\
      unshare --user --map-root-user --keep-caps ${sandbox(bound, place)} 8443 nobody ${SECRET} $victim
    ${said === undefined ? '' : `cat ${said}`}`,
    LIMIT_S + 60,
  )
  // One that was ended before its end has shown nothing by what it did not say.
  assert.match(text, /^end$/m)
  return text.split('\n').filter((line) => !line.endsWith(' no'))
}
