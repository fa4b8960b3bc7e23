/** The folders of packages: whether what is fetched can be kept, and the repositories' files be read. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SETTINGS } from '../config/settings.ts'
import { UsageError } from '../errors/usage_error.ts'
import { whyNotMade } from '../files/folder.ts'
import { adviceOnRefusal, whyNoFiles } from '../files/probe.ts'
import { freeBytes } from '../files/space.ts'
import { errnoOf } from '../errors/errno.ts'
import { count } from '../text/count.ts'
import { MIB } from '../units/bytes.ts'
import type { Finding, Look } from './look.ts'

/** Releases have a folder each; more are not looked at. */
const MAX_FOLDERS = 1000

export const store: Look = {
  what: 'store',
  part: 'store',
  async question({ config: { repoDir, minFreeMb } }) {
    const refusal = await whyNothingIsKept(repoDir)
    if (refusal !== undefined) return refusal
    if (!existsSync(repoDir)) {
      return { verdict: 'ok', text: 'RETRACE_REPO_DIR will be made when something is kept', more: repoDir }
    }
    return judgeReleases(repoDir) ?? judgeRoom(repoDir, minFreeMb)
  },
}

/** Why no package at all can be kept; undefined: one can, in what is there, or can be made. */
export async function whyNothingIsKept(repoDir: string): Promise<Finding | undefined> {
  if (!existsSync(repoDir)) {
    const why = whyNotMade(repoDir)
    return why === undefined
      ? undefined
      : { verdict: 'FAIL', text: 'RETRACE_REPO_DIR cannot be made', more: `${repoDir}: ${why}` }
  }
  if (!statSync(repoDir).isDirectory()) {
    return { verdict: 'FAIL', text: 'RETRACE_REPO_DIR is not a directory', more: repoDir }
  }
  const code = await whyNoFiles(repoDir) ?? whyNotRead(repoDir)
  if (code === undefined) return undefined
  const text = `RETRACE_REPO_DIR cannot be written to (${code})`
  return { verdict: 'FAIL', text, more: adviceOnRefusal(repoDir, code) }
}

function whyNotRead(folder: string): string | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
    return undefined
  } catch (cause) {
    return errnoOf(cause) ?? String(cause)
  }
}

/** What another user synced, this one cannot add to. A file system of its own has `lost+found`, which is nobody's release. */
function judgeReleases(repoDir: string): Finding | undefined {
  const folders = readdirSync(repoDir, { withFileTypes: true }).filter((each) =>
    each.isDirectory() && each.name !== 'lost+found'
  )
    .slice(0, MAX_FOLDERS).map(({ name }) => join(repoDir, name))
  const closed = folders.filter((path) => !mayWrite(path))
  if (closed.length === 0) return undefined
  return {
    verdict: 'FAIL',
    text: `${count(closed.length, 'folder')} in RETRACE_REPO_DIR cannot be written to`,
    more: `give ${
      closed[0]
    } to the user as whom the server runs, with all in it (chown -R); abrt-reposync runs as that user, too`,
  }
}

function judgeRoom(repoDir: string, minFreeMb: number): Finding {
  const free = Math.floor(freeBytes(repoDir) / MIB)
  if (free >= minFreeMb) return { verdict: 'ok', text: 'RETRACE_REPO_DIR can be written to', more: repoDir }
  return {
    verdict: 'warn',
    text: `${free} MiB are free for packages, RETRACE_MIN_FREE_MB is ${minFreeMb}`,
    more: `no further package is fetched; make room in the file system of ${repoDir}, or set RETRACE_REPO_QUOTA_MB`,
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const repositories: Look = {
  what: 'repositories',
  part: 'store',
  async question({ config: { reposD } }) {
    return whyNoRepositories(reposD) ?? await judgeFiles(reposD)
  },
}

/**
 * Why no repository can be known; undefined: the folder can be read, whatever its files say. Where nobody has set
 * RETRACE_REPOS_D, none is wanted: tasks are taken, without debuginfo.
 */
export function whyNoRepositories(reposD: string): Finding | undefined {
  try {
    if (!statSync(reposD).isDirectory()) {
      return { verdict: 'FAIL', text: 'RETRACE_REPOS_D is not a directory', more: reposD }
    }
    accessSync(reposD, constants.R_OK | constants.X_OK)
    return undefined
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') {
      return { verdict: 'FAIL', text: `RETRACE_REPOS_D cannot be read (${errnoOf(cause) ?? cause})`, more: reposD }
    }
    const more = `make ${reposD}, and put .sources or .repo files into it`
    const text = 'RETRACE_REPOS_D is not there'
    if (reposD === SETTINGS.reposD.default) return { verdict: 'warn', text, more }
    return { verdict: 'FAIL', text, more }
  }
}

/** As abrt-reposync and the workers read them. Brings all of the formats, which a server that nobody asks so does not need. */
async function judgeFiles(reposD: string): Promise<Finding> {
  try {
    const { readConfiguration } = await import('../packages/configuration.ts')
    const { repositories: found, faults, warnings } = readConfiguration(reposD)
    const [first] = [...faults, ...warnings]
    const text = `RETRACE_REPOS_D names ${count(found.length, 'repository', 'repositories')}`
    if (first === undefined) return found.length === 0 ? judgeNone(reposD) : { verdict: 'ok', text, more: reposD }
    const others = faults.length + warnings.length - 1
    const more = others === 0 ? first : `${first}; and ${count(others, 'more complaint')}: abrt-reposync --dry-run`
    // Tasks can be taken: other files name repositories, and packages are here.
    return { verdict: faults.length > 0 ? 'FAIL' : 'warn', ready: true, text, more }
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    return { verdict: 'FAIL', ready: true, text: 'RETRACE_REPOS_D cannot be used', more: cause.message }
  }
}

/** Tasks are taken all the same. */
function judgeNone(reposD: string): Finding {
  const more =
    `names of functions and lines of sources are lacking in all backtraces; put .sources or .repo files into ${reposD}, as ` +
    'abrt-retrace-server --init does with those of this machine'
  return { verdict: 'warn', text: 'RETRACE_REPOS_D names no repository', more }
}
