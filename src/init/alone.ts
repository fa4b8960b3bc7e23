/**
 * One `--init` at a time for a folder: what another one has not yet finished in it looks like what a killed one left. The lock
 * is on a file that goes with it; one that a killed run left is taken, and goes then.
 */
import { accessSync, closeSync, constants, fstatSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf, isDiskFull } from '../errors/errno.ts'
import { lockOpenFile } from '../process/file_lock.ts'

/** Longer than a first start takes, shorter than an administrator waits. */
const PATIENCE_S = 60
/** What says that a folder, or what is in it, is not this user's to change. */
const FORBIDDEN = ['EACCES', 'EPERM', 'EROFS']
const NOTHING: Disposable = { [Symbol.dispose]: () => undefined }

/** Device and inode of the locks that this process has: a folder can have two names, and who has it waits for nobody. */
const own = new Set<string>()

/**
 * Waits until no other one changes the folder, and keeps others waiting until it is disposed; the second one of this process is the first one.
 * Throws Error where another one takes too long, and where something else has the name of its lock. Who may not write in the folder changes nothing there, and waits for nobody.
 */
export async function alone(folder: string): Promise<Disposable> {
  const path = lockOf(folder)
  for (;;) {
    const descriptor = opened(path)
    if (descriptor === undefined) return NOTHING
    const identity = identityOf(fstatSync(descriptor))
    if (own.has(identity)) {
      closeSync(descriptor)
      return NOTHING
    }
    if (await isTaken(descriptor, path)) {
      own.add(identity)
      return {
        [Symbol.dispose]() {
          rmSync(path, { force: true })
          own.delete(identity)
          closeSync(descriptor)
        },
      }
    }
    closeSync(descriptor)
  }
}

/** The file that is locked while a folder is changed. */
export function lockOf(folder: string): string {
  return join(folder, '.init.lock')
}

/** False: it was the lock of a run that has removed it since. */
async function isTaken(descriptor: number, path: string): Promise<boolean> {
  if (!await lockOpenFile(descriptor, PATIENCE_S)) {
    throw new Error(`another --init runs for longer than ${PATIENCE_S} s: it has ${path}`)
  }
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && identityOf(there) === identityOf(fstatSync(descriptor))
}

function identityOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    if (FORBIDDEN.includes(errnoOf(cause) ?? '') && !mayWrite(dirname(path))) return undefined
    const next = isDiskFull(cause) ? 'make room there' : 'remove it once no --init runs'
    throw new Error(`${path} cannot be opened (${errnoOf(cause) ?? cause}): ${next}, and begin again`, { cause })
  }
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
