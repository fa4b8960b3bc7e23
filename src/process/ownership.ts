/**
 * Who owns what is made for one sandbox alone: its user, while it runs, who may then read it, and write it where that is
 * what it is for, though its mode keeps out all others. Nothing happens where we are not root: then that user is ours.
 * Folders are walked by what was opened, not by their names: who may write in one, and is still there for a moment, can put a
 * link in the place of what was looked at.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readdirSync,
} from 'node:fs'
import { getegid, geteuid } from 'node:process'
import { errnoOf } from '../errors/errno.ts'
import { wallUser } from './users.ts'

/** Without following a link at its end, waiting for a pipe or taking a terminal. */
const LOOKING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
/** Errors that mean there is no file or folder to open: a link, a socket, a device without a driver. */
const NONE = /^(ELOOP|ENXIO|ENODEV|ENOTDIR)$/
/** Levels of folders: of packages and of work. What lies deeper stays as it is, and goes with its folder. */
const MAX_DEPTH = 64

/** A folder with all in it, or a file. Links are not followed. */
export function handOver(path: string): void {
  const user = wallUser()
  if (user !== undefined) own(path, { user, group: user })
}

/** What has changed hands: a file of another name by then is still that file. */
export interface Handed {
  readonly path: string
  /** Of a plain file, open until it is taken back. */
  readonly descriptor?: number
}

/** The same, unless everybody may read it: then it need not change hands, and nothing is to be taken back. */
export function handOverPrivate(path: string): Handed | undefined {
  if (wallUser() === undefined || isReadable(path)) return undefined
  handOver(path)
  return lstatSync(path).isFile() ? { path, descriptor: openSync(path, LOOKING) } : { path }
}

/** Once its program has ended. */
export function takeBackHanded({ path, descriptor }: Handed): void {
  if (descriptor === undefined) return takeBack(path)
  try {
    fchownSync(descriptor, geteuid?.() ?? 0, getegid?.() ?? 0)
  } finally {
    closeSync(descriptor)
  }
}

/** Lets everybody read what is no secret, whatever umask it was made with: a folder with all in it, or a file. */
export function share(path: string): void {
  if (wallUser() !== undefined && !isReadable(path)) letRead(path)
}

/** Once its program has ended. What has gone since is nobody's. */
export function takeBack(path: string): void {
  if (wallUser() === undefined) return
  try {
    own(path, { user: geteuid?.() ?? 0, group: getegid?.() ?? 0 })
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
  }
}

function isReadable(path: string): boolean {
  const info = lstatSync(path)
  const needed = info.isDirectory() ? 0o005 : 0o004
  return (info.mode & needed) === needed
}

function letRead(path: string): void {
  walk(path, (descriptor) => {
    if (descriptor === undefined) return
    const info = fstatSync(descriptor)
    fchmodSync(descriptor, (info.mode & 0o7777) | (info.isDirectory() ? 0o055 : 0o044))
  })
}

function own(path: string, { user, group }: { user: number; group: number }): void {
  walk(path, (descriptor, each) => {
    if (descriptor === undefined) lchownSync(each, user, group)
    else fchownSync(descriptor, user, group)
  })
}

/** Each before what is in it; without a descriptor: what cannot be opened, of which the path is not followed at its end. */
function walk(path: string, visit: (descriptor: number | undefined, path: string) => void, depth = 0): void {
  const descriptor = opened(path)
  if (descriptor === undefined) return visit(undefined, path)
  try {
    visit(descriptor, path)
    if (depth >= MAX_DEPTH || !fstatSync(descriptor).isDirectory()) return
    // The folder that was opened, whatever has its name by now (proc(5), /proc/PID/fd).
    const folder = `/proc/self/fd/${descriptor}`
    for (const entry of readdirSync(folder)) walk(`${folder}/${entry}`, visit, depth + 1)
  } finally {
    closeSync(descriptor)
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, LOOKING)
  } catch (cause) {
    if (NONE.test(errnoOf(cause) ?? '')) return undefined
    throw cause
  }
}
