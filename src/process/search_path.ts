/**
 * Where programs are looked for: by server, workers and checks alike, whatever PATH an administrator has. These are the
 * distributions' places first, since a sandbox shows a program with the distribution's libraries.
 */
import { accessSync, constants } from 'node:fs'

const PLACES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin']

/** What every sandbox and every worker is started by. */
export const STARTERS = ['bwrap', 'prlimit', 'unshare', 'setpriv'] as const

/** As an environment has it. */
export const SEARCH_PATH = PLACES.join(':')

/** The file of a program that may be executed, or undefined. */
export function findProgram(name: string): string | undefined {
  return PLACES.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
