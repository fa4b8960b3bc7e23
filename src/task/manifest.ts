/**
 * What an upload said beside its core, read from a task's directory once it has passed `src/upload`'s checks.
 * Pure but for `readManifest`.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'

/**
 * Which set of members an upload has (docs/http.md, 'POST /create'): the design's, the ABRT client's, or a core alone.
 */
export type ManifestKind = 'design' | 'abrt' | 'bare'

/** The members as text, white space around each and comments of `packages` taken off; undefined: not sent. */
export interface Manifest {
  kind: ManifestKind
  architecture: string | undefined
  release: string | undefined
  /** First the one whose program crashed. */
  packages: string[]
  package: string | undefined
  executable: string | undefined
  /** The release file's line, or the text of /etc/os-release. */
  osRelease: string | undefined
  rootdir: string | undefined
  osReleaseInRootdir: string | undefined
}

/** Reads the members of the task in `directory`. */
export async function readManifest(directory: string): Promise<Manifest> {
  const member = async (name: string) => {
    const text = await readIfThere(join(directory, name))
    return text === undefined ? undefined : memberValue(text)
  }
  const kind = await member('manifest')
  return {
    kind: kind === 'abrt' || kind === 'bare' ? kind : 'design',
    architecture: await member('architecture'),
    release: await member('release'),
    packages: packageLines(await member('packages') ?? ''),
    package: await member('package'),
    executable: await member('executable'),
    osRelease: await member('os_release'),
    rootdir: await member('rootdir'),
    osReleaseInRootdir: await member('os_release_in_rootdir'),
  }
}

/** A member's text as it is meant: CRLF read as LF, white space around it ignored. */
export function memberValue(text: string): string {
  return text.replaceAll('\r\n', '\n').trim()
}

/** The lines of a `packages` member that name a package. */
export function packageLines(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
