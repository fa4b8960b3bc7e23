/**
 * The members of a .deb: `dpkg-deb --fsys-tarfile` behind the wall, into tar-stream. The file's SHA256 was compared
 * with the signed one before. What is kept of it, and under which names, `keep/` decides.
 */
import { startInside } from '../../process/inside.ts'
import { systemSandbox } from '../../process/system.ts'
import type { Sandbox } from '../../process/wall.ts'
import type { Member } from '../format/member.ts'
import { MEMBERS_ENVIRONMENT, MEMBERS_LIMITS, MEMBERS_TIMEOUT_MS } from '../open/limits.ts'
import { tarMembers } from '../open/tar_members.ts'

/** Each member with its bytes; throws FetchError 'malformed' for a package that does not open. */
export async function* members(file: string, signal: AbortSignal): AsyncGenerator<Member> {
  yield* tarMembers(await startInside(debMembersSandbox(file), { signal, timeoutMs: MEMBERS_TIMEOUT_MS }))
}

/** A pure function of where the program is: it sees the package under a fixed name. */
export function debMembersSandbox(file: string): Sandbox {
  return systemSandbox('dpkg-deb', {
    name: 'deb-members',
    args: ['--fsys-tarfile', '/in/package.deb'],
    limits: MEMBERS_LIMITS,
    environment: MEMBERS_ENVIRONMENT,
    binds: [{ from: file, at: '/in/package.deb', isPrivate: true }],
  })
}
