/**
 * The members of a .deb: `dpkg-deb --fsys-tarfile` into tar-stream. The file's SHA256 was compared with the signed one
 * before. Owns nothing on disk; what is kept of it, and under which names, is `keep/`'s decision.
 */
import { startChild } from '../../process/start.ts'
import type { Member } from '../format/member.ts'
import { tarMembers } from '../members/tar_members.ts'

const TIMEOUT_MS = 600_000

/** Each member with its bytes; throws FetchError 'malformed' for a package that does not open. */
export async function* members(file: string, signal: AbortSignal): AsyncGenerator<Member> {
  yield* tarMembers(startChild('dpkg-deb', ['--fsys-tarfile', file], { signal, timeoutMs: TIMEOUT_MS }))
}
