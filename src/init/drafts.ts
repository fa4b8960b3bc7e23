/**
 * Files and folders that come into being whole: with all that is in them, their mode and their owner, on the disk, and only then
 * by their name. Until then they are drafts beside it, of a name that is known, so that whoever runs next after a kill -9 or a full disk
 * finds and removes them; one run at a time does (alone.ts).
 */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Owner } from '../process/service_user.ts'

export interface Rights {
  mode: number
  /** None: whoever runs the program. */
  owner?: Owner | undefined
}

/** Hidden, and of no ending that anybody reads in a folder of configuration. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.init`)
}

/** Makes the draft of a file anew. What it fails at, a full disk for one, leaves no draft. */
export function draftFile(path: string, text: string, rights: Rights): void {
  writeWhole(draftOf(path), text, rights)
}

/** Gives a draft its name, over whatever has that. */
export function settle(path: string): void {
  renameSync(draftOf(path), path)
  syncFolder(dirname(path))
}

/** Removes the draft of a file that a killed run left. */
export function discard(path: string): void {
  remove(draftOf(path))
}

/** A file or a folder with all in it. Where nothing is there nothing is tried, which a read-only file system would refuse. */
export function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true })
}

/** A file that nobody reads yet under its name; one of that name is of a killed run. Returns when it is on the disk. */
export function writeWhole(path: string, text: string, rights: Rights): void {
  remove(path)
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(descriptor, text)
    finish(descriptor, rights)
  } catch (cause) {
    remove(path)
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`a file in ${dirname(path)} cannot be written (${why}): make room there, and begin again`, {
      cause,
    })
  } finally {
    closeSync(descriptor)
  }
}

/** One folder, whose parent is there. Where somebody else makes it meanwhile and puts something into it, it is theirs. */
export function makeWholeFolder(path: string, rights: Rights): void {
  const draft = draftOf(path)
  discardFolder(path)
  mkdirSync(draft, { mode: 0o700 })
  try {
    // By what was opened: who may write in the parent can put a link in its place meanwhile.
    const descriptor = openSync(draft, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      finish(descriptor, rights)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, path)
  } catch (cause) {
    discardFolder(path)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
    throw cause
  }
  syncFolder(dirname(path))
}

/** Removes the draft of a folder that a killed run left. */
export function discardFolder(path: string): void {
  if (existsSync(draftOf(path))) rmdirSync(draftOf(path))
}

/** Returns once the names in a folder are on the disk. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The owner first: what it may do is said when it is whose it will be. */
function finish(descriptor: number, { mode, owner }: Rights): void {
  if (owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid)
  fchmodSync(descriptor, mode)
  fsyncSync(descriptor)
}
