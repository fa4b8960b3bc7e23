/**
 * Small files that every sync asks for (InRelease, repomd.xml), kept under RETRACE_REPO_DIR with the validator that
 * their server gave, so that the next sync asks conditionally, and a state that is unchanged costs one request.
 * What was kept is verified and judged each time as if it had just arrived: a key that was withdrawn, or a Valid-Until
 * that has passed, is noticed although the server says that nothing has changed.
 */
import { createHash } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { pid } from 'node:process'
import { errnoOf } from '../../errors/errno.ts'
import type { DownloadRequest, Refreshed } from '../format/sync_context.ts'
import { FILE_MODE, makeFolder } from '../../files/folder.ts'
import type { Received, Validator } from './download.ts'
import { DAY_MS } from '../../units/time.ts'

const FOLDER = '.metadata'
/** Every sync asks for all of them: what was asked for so long ago is of a repository that is configured no more. */
const UNUSED_MS = 30 * DAY_MS

interface Note extends Validator {
  /** Of the file that the validator belongs to: the two are written one after the other. */
  sha256: string
}

export interface RememberedOptions {
  repoDir: string
  /** For what arrives. */
  scratch: string
  /** Nothing is kept. */
  isDryRun: boolean
  download(address: string, request: DownloadRequest & { validator?: Validator }): Promise<Received>
}

export class RememberedFiles {
  readonly #options: RememberedOptions

  constructor(options: RememberedOptions) {
    this.#options = options
  }

  /** The kept file of an address; undefined: none. */
  kept(address: string): string | undefined {
    const file = this.#path(address)
    return noteUse(file) ? file : undefined
  }

  /** The file as the server has it now. Throws FetchError. */
  async refresh(address: string, maxSize: number): Promise<Refreshed> {
    const kept = this.#path(address)
    noteUse(kept)
    const note = await readNote(kept)
    const file = join(this.#options.scratch, hashOf(address))
    const received = await this.#options.download(address, {
      file,
      maxSize,
      ...(note === undefined ? {} : { validator: note }),
    })
    if (received.isUnchanged) return { file: kept, isUnchanged: true, keep: () => Promise.resolve() }
    return {
      file,
      isUnchanged: note?.sha256 === received.sha256,
      keep: async () => {
        if (!this.#options.isDryRun) await this.#keep(kept, { file, received })
      },
    }
  }

  #path(address: string): string {
    return join(this.#options.repoDir, FOLDER, hashOf(address))
  }

  async #keep(kept: string, { file, received }: { file: string; received: Received }): Promise<void> {
    makeFolder(join(this.#options.repoDir, FOLDER))
    await replace(kept, await readFile(file))
    const note: Note = { ...received.validator, sha256: received.sha256 }
    await replace(`${kept}.json`, JSON.stringify(note))
  }
}

/** Whether it is there; from now on it counts as used. */
function noteUse(file: string): boolean {
  try {
    utimesSync(file, new Date(), new Date())
  } catch (error) {
    const code = errnoOf(error)
    // A worker may read it and not be its owner.
    return code === 'EPERM' || code === 'EACCES' || code === 'EROFS'
  }
  return true
}

/** Removes what nobody has asked for in a month, and what killed processes left. */
export function forgetUnused(repoDir: string): void {
  const folder = join(repoDir, FOLDER)
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  for (const name of names) {
    // The note of a file is as old as its last change; the file's own time counts.
    const found = statSync(join(folder, name.replace(/\.json$/, '')), { throwIfNoEntry: false })
    if (Date.now() - (found?.mtimeMs ?? 0) > UNUSED_MS) rmSync(join(folder, name), { force: true })
  }
}

/** By a rename; workers read it, whatever the umask of who syncs. */
async function replace(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${pid}.new`
  await writeFile(temporary, content)
  await chmod(temporary, FILE_MODE)
  await rename(temporary, path)
}

/** The note of a kept file, when it belongs to what is there. */
async function readNote(kept: string): Promise<Note | undefined> {
  try {
    const [bytes, text] = await Promise.all([readFile(kept), readFile(`${kept}.json`, 'utf8')])
    const note = JSON.parse(text) as Note
    return note.sha256 === createHash('sha256').update(bytes).digest('hex') ? note : undefined
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) !== undefined) return undefined
    throw error
  }
}

function hashOf(address: string): string {
  return createHash('sha256').update(address).digest('hex').slice(0, 32)
}
