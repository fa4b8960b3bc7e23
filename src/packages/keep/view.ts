/**
 * Kept files under names of one debugger's own: hard links in a folder below RETRACE_REPO_DIR, empty at first, so that a sandbox can be
 * started before it is known what it is to see. Owns its names and their end; refuses whatever is no plain file. Synchronous.
 */
import { linkSync, lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '../../files/folder.ts'
import { thisProcess } from '../../process/identity.ts'
import { DAY_MS } from '../../units/time.ts'
import { WORK_FOLDER } from './kept.ts'

/** Of a file or folder of this machine, and where it is in the view: `/0/libc.so.6`. */
export interface Place {
  readonly from: string
  readonly at: string
}

/** No task takes so long. */
const KEEP_MS = DAY_MS
const ENDING = '.view'
/** Files and levels of a folder that is shown whole. */
const MAX_FILES = 2_000
const MAX_DEPTH = 8

let count = 0

export class KeptView implements Disposable {
  readonly folder: string
  readonly #made: string

  private constructor(folder: string) {
    this.folder = folder
    this.#made = identityOf(folder)
  }

  /** Undefined where none can be made: it is of use, and not needed. */
  static make(repoDir: string): KeptView | undefined {
    const { pid, started } = thisProcess()
    const folder = join(repoDir, WORK_FOLDER, `${pid}-${started}-${++count}${ENDING}`)
    try {
      // RETRACE_REPO_DIR itself is made by who fetches.
      if (lstatSync(repoDir, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined
      makeFolder(folder)
      return new KeptView(folder)
    } catch {
      return undefined
    }
  }

  /** Shows files, and folders with all in them; false: not all can be shown, so that it is of no use. */
  show(files: Iterable<Place>, folders: Iterable<Place>): boolean {
    try {
      const made = new Set<string>()
      for (const { from, at } of files) this.#link(from, this.folder + at, made)
      for (const { from, at } of folders) {
        makeFolder(this.folder + at)
        for (const file of filesBelow(from)) this.#link(from + file, this.folder + at + file, made)
      }
      // One that was removed meanwhile and is made anew is not what the sandbox sees.
      return identityOf(this.folder) === this.#made
    } catch {
      return false
    }
  }

  #link(from: string, to: string, made: Set<string>): void {
    const info = lstatSync(from)
    const target = info.isSymbolicLink() ? readlinkSync(from) : ''
    if (target !== '' && !target.includes('/')) return this.#link(join(dirname(from), target), to, made)
    if (!info.isFile()) throw new RangeError(`Expected a plain file, got ${from}`)
    const folder = dirname(to)
    if (!made.has(folder)) makeFolder(folder)
    made.add(folder)
    linkSync(from, to)
  }

  /** What cannot be removed is a stray, for the next clean-up. */
  [Symbol.dispose](): void {
    try {
      rmSync(this.folder, { recursive: true, force: true })
    } catch {
      // NFS keeps names of files that are still mapped.
    }
  }
}

function identityOf(folder: string): string {
  const { dev, ino } = lstatSync(folder, { bigint: true })
  return `${dev}:${ino}`
}

/** Whether a name in the work folder is that of a view, and whether nobody looks at it any more. */
export function viewState(file: string): 'none' | 'used' | 'over' {
  if (!file.endsWith(ENDING)) return 'none'
  return Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0) > KEEP_MS ? 'over' : 'used'
}

/** Paths of plain files below a folder, with a leading slash. Throws RangeError for too many of them. */
function filesBelow(folder: string, below = '', depth = 0): string[] {
  if (depth > MAX_DEPTH) throw new RangeError(`Expected at most ${MAX_DEPTH} levels of folders`)
  const found = readdirSync(folder + below, { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}/${entry.name}`
    return entry.isDirectory() ? filesBelow(folder, path, depth + 1) : entry.isFile() ? [path] : []
  })
  if (found.length > MAX_FILES) throw new RangeError(`Expected at most ${MAX_FILES} files`)
  return found
}
