/**
 * The members of an .rpm: `rpm2archive` in bubblewrap, into tar-stream (cpio has no members over 4 GB, and other tools
 * lose hard links: docs/facts.md, 'RPM packages'). The package's signature was verified before.
 */
import { closeSync, openSync } from 'node:fs'
import { startChild } from '../../process/start.ts'
import type { Member } from '../format/member.ts'
import { tarMembers } from '../members/tar_members.ts'
import { sandboxed } from '../../process/wall.ts'

const TIMEOUT_MS = 600_000

/** Each member with its bytes; throws FetchError 'malformed' for a package that does not open. */
export async function* members(file: string, signal: AbortSignal): AsyncGenerator<Member> {
  const command = ['/usr/bin/rpm2archive', '-n', '-']
  // Its standard input is the file itself: a quarter of a gigabyte need not pass through this process twice.
  const input = openSync(file, 'r')
  try {
    yield* tarMembers(
      startChild('bwrap', sandboxed(command, { readable: {} }), { signal, timeoutMs: TIMEOUT_MS, input }),
    )
  } finally {
    closeSync(input)
  }
}
