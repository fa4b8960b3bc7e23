/**
 * The members of an .rpm: `rpm2archive` behind the wall, into tar-stream (cpio has no members over 4 GB, and other
 * tools lose hard links: docs/facts.md, 'RPM packages'). The package's signature was verified before.
 */
import { closeSync, openSync } from 'node:fs'
import { startInside } from '../../process/inside.ts'
import { systemSandbox } from '../../process/system.ts'
import type { Sandbox } from '../../process/wall.ts'
import type { Member } from '../format/member.ts'
import { MEMBERS_LIMITS, MEMBERS_TIMEOUT_MS } from '../open/limits.ts'
import { tarMembers } from '../open/tar_members.ts'

/** Each member with its bytes; throws FetchError 'malformed' for a package that does not open. */
export async function* members(file: string, signal: AbortSignal): AsyncGenerator<Member> {
  // Its standard input is the file itself: a quarter of a gigabyte need not pass through this process twice.
  const input = openSync(file, 'r')
  try {
    yield* tarMembers(await startInside(rpmMembersSandbox(), { signal, timeoutMs: MEMBERS_TIMEOUT_MS, input }))
  } finally {
    closeSync(input)
  }
}

export function rpmMembersSandbox(): Sandbox {
  return systemSandbox('rpm2archive', { name: 'rpm-members', args: ['-n', '-'], limits: MEMBERS_LIMITS })
}
