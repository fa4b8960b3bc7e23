/**
 * One `--init` at a time for a folder of settings: what another one has not yet finished looks like what a killed one left. The lock
 * is on a file that goes with it; one that a killed run left is taken, and goes then.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { lockOpenFile } from '../process/file_lock.ts'

/** Longer than a first start takes, shorter than an administrator waits. */
const PATIENCE_S = 60
const FORBIDDEN = ['EACCES', 'EPERM', 'EROFS']

/**
 * Waits until no other one runs, and keeps others waiting until it is disposed. Throws Error where one takes too long. Who may not
 * write in the folder changes nothing there, and waits for nobody.
 */
export async function alone(folder: string): Promise<Disposable> {
  const path = join(folder, '.init.lock')
  for (;;) {
    const descriptor = opened(path)
    if (descriptor === undefined) return { [Symbol.dispose]: () => undefined }
    if (await isTaken(descriptor, path)) {
      return {
        [Symbol.dispose]() {
          rmSync(path, { force: true })
          closeSync(descriptor)
        },
      }
    }
    closeSync(descriptor)
  }
}

/** False: it was the lock of a run that has removed it since. */
async function isTaken(descriptor: number, path: string): Promise<boolean> {
  if (!await lockOpenFile(descriptor, PATIENCE_S)) {
    throw new Error(`another --init runs for longer than ${PATIENCE_S} s: it has ${path}`)
  }
  const [own, there] = [fstatSync(descriptor), statSync(path, { throwIfNoEntry: false })]
  return own.dev === there?.dev && own.ino === there.ino
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    if (existsSync(path) || !FORBIDDEN.includes(errnoOf(cause) ?? '')) throw cause
    return undefined
  }
}
