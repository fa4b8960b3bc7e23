/**
 * What an upload said beside its core, read from a task's directory. The only reader of those members: whoever
 * estimates a task and whoever retraces it are told the same. All of it is a hint; the core's own word wins.
 */
import type { Member } from './files.ts'
import type { Task } from './task.ts'
import { plainSize } from '../files/plain.ts'
import { MIB } from '../units/bytes.ts'

/**
 * Which set of members an upload has (docs/http.md, 'POST /create'): the design's, the ABRT client's, or a core alone.
 */
export type ManifestKind = 'design' | 'abrt' | 'bare'

/** The members as they are meant, white space around each and comments of `packages` taken off; undefined: not sent. */
export interface Manifest {
  kind: ManifestKind
  architecture: string | undefined
  /** A release id, the release file's line, or the text of /etc/os-release. */
  release: string | undefined
  /** First the one whose program crashed. */
  packages: string[]
  /** As the crashed program saw its own path: without the directory that was its root. */
  executable: string | undefined
}

/** A directory that was made by hand may hold anything under these names: what is larger is no member. */
const MAX_MEMBER = MIB

/** Reads the members of a task. */
export function readManifest(task: Task): Manifest {
  const kind = memberOf(task, 'manifest')
  const crashed = memberOf(task, 'package')
  return {
    kind: kind === 'abrt' || kind === 'bare' ? kind : 'design',
    architecture: memberOf(task, 'architecture'),
    release: releaseOf((name) => memberOf(task, name)),
    packages: [...(crashed === undefined ? [] : [crashed]), ...packageLines(memberOf(task, 'packages') ?? '')],
    executable: withoutRoot(memberOf(task, 'executable'), memberOf(task, 'rootdir')),
  }
}

/**
 * The member that tells the release of the files that the program ran with. A program that crashed inside a root
 * directory had that one's files, whatever the system around it is; `os_release` is what ABRT's clients always send,
 * and `release` stands for it where it is missing (docs/http.md, 'POST /create'). The design's archive has `release`
 * alone.
 */
export function releaseOf(member: (name: Member) => string | undefined): string | undefined {
  return member('os_release_in_rootdir') ?? member('os_release') ?? member('release')
}

/** ABRT names a program by its path from outside of the root directory that it ran in. */
function withoutRoot(executable: string | undefined, root: string | undefined): string | undefined {
  if (executable === undefined || root === undefined) return executable
  const prefix = root.replace(/\/+$/, '')
  return executable.startsWith(`${prefix}/`) ? executable.slice(prefix.length) : executable
}

/** A member's text as it is meant: CRLF read as LF, white space around it ignored. */
export function memberValue(text: string): string {
  return text.replaceAll('\r\n', '\n').trim()
}

/** The lines of a `packages` member that name a package. */
export function packageLines(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
}

function memberOf(task: Task, name: Member | 'manifest'): string | undefined {
  if ((plainSize(task.file(name)) ?? 0) > MAX_MEMBER) return undefined
  return memberValue(task.text(name) ?? '') || undefined
}
