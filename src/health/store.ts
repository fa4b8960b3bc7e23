/** The folders of packages: whether what is fetched can be kept, and the repositories' files be read. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { whyNotMade } from '../files/folder.ts'
import { errnoOf } from '../errors/errno.ts'
import type { Look } from './look.ts'

export const store: Look = {
  what: 'store',
  part: 'store',
  question({ config: { repoDir } }) {
    const isThere = existsSync(repoDir)
    const why = isThere ? undefined : whyNotMade(repoDir)
    if (why !== undefined) {
      return { verdict: 'FAIL', text: 'RETRACE_REPO_DIR cannot be made', more: `${repoDir}: ${why}` }
    }
    try {
      if (isThere && !statSync(repoDir).isDirectory()) {
        return { verdict: 'FAIL', text: 'RETRACE_REPO_DIR is not a directory', more: repoDir }
      }
      if (isThere) accessSync(repoDir, constants.W_OK | constants.X_OK)
      const text = `RETRACE_REPO_DIR ${isThere ? 'can be written to' : 'will be made when something is kept'}`
      return { verdict: 'ok', text, more: repoDir }
    } catch (cause) {
      const text = `RETRACE_REPO_DIR cannot be written to (${errnoOf(cause) ?? cause})`
      return { verdict: 'FAIL', text, more: `give ${repoDir} to the user as whom the server runs` }
    }
  },
}

export const repositories: Look = {
  what: 'repositories',
  question({ config: { reposD } }) {
    try {
      if (!statSync(reposD).isDirectory()) {
        return { verdict: 'FAIL', text: 'RETRACE_REPOS_D is not a directory', more: reposD }
      }
      accessSync(reposD, constants.R_OK | constants.X_OK)
      return { verdict: 'ok', text: 'RETRACE_REPOS_D can be read', more: reposD }
    } catch (cause) {
      const isMissing = errnoOf(cause) === 'ENOENT'
      const text = isMissing
        ? 'RETRACE_REPOS_D is not there'
        : `RETRACE_REPOS_D cannot be read (${errnoOf(cause) ?? cause})`
      const more = `make ${reposD}, and put .sources or .repo files into it`
      return isMissing ? { verdict: 'warn', text, more } : { verdict: 'FAIL', text, more: reposD }
    }
  },
}
