/**
 * Temporary directories for tests: made, used, gone.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Folder extends AsyncDisposable {
  readonly path: string
  /** Absolute path of something in it. */
  file(...names: string[]): string
}

/** `await using folder = await temporaryFolder()` */
export async function temporaryFolder(below = tmpdir()): Promise<Folder> {
  const path = await mkdtemp(join(below, 'retrace-test-'))
  return {
    path,
    file: (...names) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}
