/**
 * One `--init` at a time for a folder: what another one has not yet finished in it looks like what a killed one left. The lock is on a file
 * that goes with it; one that a killed run left is taken, and goes then, but for another user's where nobody removes what is not his: that
 * does no harm. Nobody waits for one folder while he has another, but in the order of their numbers.
 */
import { closeSync, constants, fstatSync, openSync, rmSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { umask } from 'node:process'
import { errnoOf, isDiskFull } from '../errors/errno.ts'
import { isAllowed } from '../files/access.ts'
import { lockOpenFile } from '../process/file_lock.ts'

/** Longer than a first start takes, shorter than an administrator waits. */
const PATIENCE_S = 60
/** After so long it is looked whether the lock still has its name: who was stopped while he waited can have one that was removed. */
const LOOK_S = 2
const NOTHING: Disposable = { [Symbol.dispose]: () => undefined }
/** No link is followed, and nobody waits for a pipe that somebody put there. */
const OPENING = constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Another run has a folder, and does not end. */
export class FolderTaken extends Error {
  override name = 'FolderTaken'
}

/**
 * Waits until no other one changes the folders, and keeps others waiting until it is disposed. Throws FolderTaken where another one takes
 * too long for one of them, and Error where something else has the name of its lock. Who may not write in a folder changes nothing there, and waits for nobody.
 */
export async function alone(folders: readonly string[], patienceS = PATIENCE_S): Promise<Disposable> {
  const held: Disposable[] = []
  const all: Disposable = { [Symbol.dispose]: () => held.toReversed().forEach((each) => each[Symbol.dispose]()) }
  try {
    for (const folder of inOrder(folders)) held.push(await lock(folder, patienceS))
    return all
  } catch (cause) {
    all[Symbol.dispose]()
    throw cause
  }
}

/** The file that is locked while a folder is changed. */
export function lockOf(folder: string): string {
  return join(folder, '.init.lock')
}

/** Each once, though it has two names, and in an order that all runs have. */
function inOrder(folders: readonly string[]): string[] {
  const byIdentity = new Map(folders.map((folder) => {
    const found = statSync(folder, { throwIfNoEntry: false })
    return [found === undefined ? folder : identityOf(found), folder]
  }))
  return [...byIdentity].sort(([a], [b]) => a < b ? -1 : 1).map(([, folder]) => folder)
}

async function lock(folder: string, patienceS: number): Promise<Disposable> {
  const path = lockOf(folder)
  const end = performance.now() + patienceS * 1000
  while (isAllowed(folder, constants.W_OK)) {
    const descriptor = opened(path)
    if (descriptor !== undefined) {
      const left = (end - performance.now()) / 1000
      const isLocked = await lockOpenFile(descriptor, Math.max(0, Math.min(LOOK_S, left)))
      if (isLocked && isAt(descriptor, path)) return { [Symbol.dispose]: () => release(descriptor, path) }
      // Of a run that goes on, or of one that has removed it since.
      closeSync(descriptor)
    }
    if (performance.now() < end) continue
    throw new FolderTaken(`another --init has ${path}, and did not end within ${patienceS} s (lslocks names it)`)
  }
  return NOTHING
}

/** Undefined: it was there, and has gone. Throws Error where something else has its name, or the disk is full. */
function opened(path: string): number | undefined {
  try {
    return made(path)
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw notOpened(path, cause)
  }
  try {
    return openSync(path, constants.O_RDWR | OPENING)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    if (errnoOf(cause) !== 'EACCES') throw notOpened(path, cause)
  }
  return openedOfOther(path)
}

function notOpened(path: string, cause: unknown): Error {
  const next = isDiskFull(cause) ? 'make room there' : 'remove it once no --init runs'
  return new Error(`${path} cannot be opened (${errnoOf(cause) ?? cause}): ${next}, and begin again`, { cause })
}

/** Where others may write they wait for us as we for them; elsewhere nobody can open it to keep root waiting. */
function made(path: string): number {
  const isShared = (statSync(dirname(path)).mode & 0o022) !== 0
  const before = umask(0o022)
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
    return openSync(path, flags, isShared ? 0o644 : 0o600)
  } finally {
    umask(before)
  }
}

/** For reading alone, which is enough for a lock but on NFS. */
function openedOfOther(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | OPENING)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw notOpened(path, cause)
  }
}

function release(descriptor: number, path: string): void {
  try {
    if (isAt(descriptor, path)) rmSync(path)
  } catch {
    // It is another user's, or the disk is read-only by now: whoever comes next takes it.
  }
  closeSync(descriptor)
}

function isAt(descriptor: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && identityOf(there) === identityOf(fstatSync(descriptor))
}

function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`
}
