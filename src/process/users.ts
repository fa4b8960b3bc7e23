/**
 * Whom programs behind the wall are to the machine: a user of their own, who owns nothing on it. Every sandbox of this process
 * is made in one user namespace, in which nobody may make another one. As root the namespace knows all users, so that
 * bwrap can reach what it binds wherever that lies, and becomes a user whom only this process has. Without root it is ours,
 * the only one that we can give. The kernel counts processes (RLIMIT_NPROC) by namespace and user: what one task starts
 * takes nothing from another. Sources: user_namespaces(7), Documentation/userspace-api/no_new_privs.rst of Linux; tried:
 * docs/facts.md, 'Sandbox'.
 */
import { openSync, writeFileSync } from 'node:fs'
import { getegid, geteuid, pid as ownPid } from 'node:process'
import { ProgramError } from './error.ts'
import { startOutside } from './outside.ts'
import { procText } from './proc.ts'

/** Inside, whoever it is outside: nobody. */
export const INSIDE_ID = 65_534

/** Users that no distribution, no systemd and no container gives to anybody: docs/facts.md, 'Sandbox'. */
const FIRST_ID = 1_879_048_192
/** Numbers of processes are below 2^22 (proc(5), pid_max). */
const IDS = 2 ** 22
/** Where this process is in a container that has no such users. */
const NOBODY = 65_534

const NO_PROC = '/proc is not there, which says who the users of this machine are'
const NESTED = '/proc/sys/user/max_user_namespaces'
const TIMEOUT_MS = 10_000

let made: Promise<number> | undefined

/**
 * The descriptor of the namespace, made at the first call. Throws ProgramError 'not-started' where none can be made.
 */
export function wallUsers(): Promise<number> {
  return made ??= makeUsers().catch((cause) => {
    made = undefined
    throw cause
  })
}

/** Whom a sandbox of this process is outside: `undefined` where that is ourselves, since we are not root. */
export function wallUser(): number | undefined {
  return geteuid?.() === 0 ? outsideId(ownPid, mapped(procText('self/uid_map')).known) : undefined
}

/** Throws RangeError where there is no user to be had but root, or nobody says which there are. */
export function outsideId(pid: number, known: number): number {
  if (known === 0) throw new RangeError(NO_PROC)
  const own = FIRST_ID + pid % IDS
  if (own < known) return own
  if (NOBODY < known) return NOBODY
  throw new RangeError(`Expected a machine or container with more than ${NOBODY} users, got ${known}`)
}

/** The users of this process's own namespace: those from 0 to `known` - 1, and where a row of its map begins among them. */
export interface Mapped {
  readonly known: number
  readonly borders: readonly number[]
}

/**
 * All users from 0 to `known` - 1 of this process's own namespace, `id` among them as INSIDE_ID. Nobody is 0: who has that
 * number loses what bwrap needs when it becomes another (capabilities(7)). A row may not lie across two of ours.
 */
export function mapOfAll(id: number, { known, borders }: Mapped): string {
  const rows = [[1, 0, INSIDE_ID - 1], [INSIDE_ID, id, 1]]
  if (id >= INSIDE_ID) {
    rows.push([INSIDE_ID + 1, INSIDE_ID - 1, id - INSIDE_ID + 1])
    if (known > id + 1) rows.push([id + 2, id + 1, known - id - 2])
  }
  return rows.filter(([, , count = 0]) => count > 0)
    .flatMap(([inside = 0, outside = 0, count = 0]) => {
      const cuts = borders.filter((border) => border > outside && border < outside + count)
      return [outside, ...cuts].map((from, at) => [inside + from - outside, from, (cuts[at] ?? outside + count) - from])
    })
    .map((row) => `${row.join(' ')}\n`).join('')
}

/**
 * The users of a uid_map as far as they follow each other from 0 on: a container of a user has itself as 0, and further ones
 * behind it in a row of their own. None where it does not begin at 0.
 */
export function mapped(text: string): Mapped {
  const rows = text.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number))
    .sort(([one = 0], [other = 0]) => one - other)
  let known = 0
  const borders: number[] = []
  for (const [inside, , count = 0] of rows) {
    if (inside !== known) break
    if (known > 0) borders.push(known)
    known += count
  }
  return { known, borders }
}

/**
 * Who makes a user namespace owns it, and has every capability in it: so bwrap can be that user from its start. What makes
 * namespaces as root does need not be allowed to everybody (kernel.unprivileged_userns_clone): that capability stays.
 */
function become(user: number | undefined): [] | [string, ...string[]] {
  if (user === undefined) return []
  const id = String(user)
  const kept = ['--inh-caps', '+sys_admin', '--ambient-caps', '+sys_admin']
  return ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', ...kept, '--']
}

async function makeUsers(): Promise<number> {
  const user = wallUser()
  if (procText('self/uid_map') === '') throw new ProgramError('not-started', NO_PROC)
  // It lives until its input ends, and the namespace as long as somebody has it open.
  await using helper = startOutside('unshare', [
    ...become(user),
    'unshare',
    '--user',
    '--keep-caps',
    '--',
    'tee',
    NESTED,
  ], {
    input: 'open',
    timeoutMs: TIMEOUT_MS,
  })
  helper.input.write('0\n')
  await new Promise<void>((resolve) => helper.output.once('data', resolve).once('end', resolve).once('close', resolve))
  let descriptor: number | undefined
  try {
    const folder = `/proc/${helper.pid}`
    if (user === undefined) {
      writeFileSync(`${folder}/setgroups`, 'deny')
      writeFileSync(`${folder}/uid_map`, `${INSIDE_ID} ${geteuid?.()} 1\n`)
      writeFileSync(`${folder}/gid_map`, `${INSIDE_ID} ${getegid?.()} 1\n`)
    } else {
      writeFileSync(`${folder}/uid_map`, mapOfAll(user, mapped(procText('self/uid_map'))))
      writeFileSync(`${folder}/gid_map`, mapOfAll(user, mapped(procText('self/gid_map'))))
    }
    descriptor = openSync(`${folder}/ns/user`, 'r')
  } catch (cause) {
    helper.input.end()
    const end = await helper.ended
    const { complaint } = end
    const { failure } = end
    // Who has no process never started; one that ended in silence is not what its name says.
    const why = helper.pid === undefined && failure !== undefined ? failure.message : complaint ||
      `${user === undefined ? 'unshare' : 'setpriv or unshare'} does not do its work (of the package util-linux)`
    throw new ProgramError('not-started', `There are no users for sandboxes: ${why}`, { cause, complaint: why })
  }
  helper.input.end()
  const { code, complaint } = await helper.ended
  if (code === 0) return descriptor
  throw new ProgramError('not-started', `Users for sandboxes could not be kept from making more: ${complaint}`, {
    complaint,
  })
}
