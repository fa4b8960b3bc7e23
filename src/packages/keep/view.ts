/**
 * Kept files under names of one debugger's own: hard links in a folder below RETRACE_REPO_DIR, empty at first, so that a sandbox can be
 * started before it is known what it is to see. Owns its names and their end; refuses whatever is no plain file. Synchronous.
 */
import { createHash } from 'node:crypto'
import { type Dirent, linkSync, lstatSync, opendirSync, readdirSync, readlinkSync, rmSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import { makeFolder } from '../../files/folder.ts'
import { startOf, thisProcess } from '../../process/identity.ts'
import { DAY_MS } from '../../units/time.ts'
import { WORK_FOLDER } from './kept.ts'

/** Of a file or folder of this machine, and where it is in the view: `/0/libc.so.6`. */
export interface Place {
  readonly from: string
  readonly at: string
}

/**
 * Why there is no view, or why it does not show all: there is no store; the system refused something (`code`: EXDEV and EPERM of links,
 * link(2); ENOSPC); what was to be shown is no plain file, or too much; it is no longer the folder that was made.
 */
export type NoView =
  | { readonly kind: 'no-store' | 'unusual' | 'replaced' }
  | { readonly kind: 'refused'; readonly code: string }

/** Of a process of another host, nobody knows whether it runs: longer than RETRACE_TASK_TIMEOUT_S may be, a week. */
const KEEP_MS = 8 * DAY_MS
/** `HOST-PID-START-N.view`: whose it is. */
const NAME = /^([0-9a-f]{8})-([0-9]+)-([0-9]*)-[0-9]+\.view$/
const ENDING = '.view'
/** Names that are looked at, to find a kept file. */
const MAX_LOOKS = 64
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

  /**
   * One that shows nothing yet, or why none can be made: it is of use, and not needed. Where a kept file cannot be linked
   * (/proc/sys/fs/protected_hardlinks, another file system), that is found out here. Removes those of processes that were killed.
   */
  static make(repoDir: string): KeptView | NoView {
    const { pid, started } = thisProcess()
    const work = join(repoDir, WORK_FOLDER)
    const folder = join(work, `${hostHash()}-${pid}-${started}-${++count}${ENDING}`)
    // RETRACE_REPO_DIR itself is made by who fetches.
    if (lstatSync(repoDir, { throwIfNoEntry: false })?.isDirectory() !== true) return { kind: 'no-store' }
    try {
      makeFolder(folder)
      removeOthers(work)
      const view = new KeptView(folder)
      const refused = view.#tryLink(repoDir)
      if (refused === undefined) return view
      view[Symbol.dispose]()
      return refused
    } catch (error) {
      return noViewOf(error)
    }
  }

  /** Shows files, and folders with all in them; else why not all can be shown, so that it is of no use. */
  show(files: Iterable<Place>, folders: Iterable<Place>): NoView | undefined {
    try {
      const made = new Set<string>()
      for (const { from, at } of files) this.#link(from, this.folder + at, made)
      for (const { from, at } of folders) {
        makeFolder(this.folder + at)
        for (const file of filesBelow(from)) this.#link(from + file, this.folder + at + file, made)
      }
      // One that was removed meanwhile and is made anew is not what the sandbox sees.
      return identityOf(this.folder) === this.#made ? undefined : { kind: 'replaced' }
    } catch (error) {
      return noViewOf(error)
    }
  }

  /** Whether files of the store can be linked at all; undefined where that went well, or there is none yet. */
  #tryLink(repoDir: string): NoView | undefined {
    const file = someKeptFile(repoDir)
    if (file === undefined) return undefined
    const trial = join(this.folder, 'trial')
    try {
      linkSync(file, trial)
      unlinkSync(trial)
      return undefined
    } catch (error) {
      // It went meanwhile, or has as many names as it can have: that says nothing about others.
      return ['ENOENT', 'EMLINK'].includes(errnoOf(error) ?? '') ? undefined : noViewOf(error)
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

  /** Never throws. */
  [Symbol.dispose](): void {
    removeView(this.folder)
  }
}

function identityOf(folder: string): string {
  const { dev, ino } = lstatSync(folder, { bigint: true })
  return `${dev}:${ino}`
}

/** RangeErrors are our own. Throws what is neither of the system nor of ours. */
function noViewOf(error: unknown): NoView {
  const code = errnoOf(error)
  if (code !== undefined) return { kind: 'refused', code }
  if (error instanceof RangeError) return { kind: 'unusual' }
  throw error
}

/** Names of hosts can be long, and hold what a pattern would have to know. */
function hostHash(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

/** Whether a file in the work folder is a view, and whether nobody looks at it any more: its process has ended. */
export function viewState(file: string): 'none' | 'used' | 'over' {
  if (!file.endsWith(ENDING)) return 'none'
  const [, host, pid, started] = NAME.exec(file.slice(file.lastIndexOf('/') + 1)) ?? []
  if (host === hostHash()) return (startOf(Number(pid)) ?? '') === started ? 'used' : 'over'
  return Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0) > KEEP_MS ? 'over' : 'used'
}

/** Of killed processes: until a clean-up comes they would hold the room of packages that were evicted. */
function removeOthers(work: string): void {
  for (const name of readdirSync(work)) {
    const file = join(work, name)
    if (viewState(file) === 'over') removeView(file)
  }
}

/** What cannot be removed is a stray, for the next clean-up. */
function removeView(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // NFS keeps names of files that are still mapped.
  }
}

/** A file of a package, two folders below the store or deeper. */
function someKeptFile(repoDir: string): string | undefined {
  let looks = 0
  const search = (folder: string, depth: number): string | undefined => {
    for (const entry of entriesOf(folder)) {
      if (++looks > MAX_LOOKS) return undefined
      const path = join(folder, entry.name)
      if (entry.isFile() && depth >= 2) return path
      const isReleaseOrPackage = entry.isDirectory() && (depth > 0 || !entry.name.startsWith('.'))
      const found = isReleaseOrPackage && depth < MAX_DEPTH ? search(path, depth + 1) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  return search(repoDir, 0)
}

/** As they are asked for: a release has tens of thousands. None of a folder that may not be read. */
function* entriesOf(path: string): Generator<Dirent> {
  try {
    const folder = opendirSync(path)
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) yield entry
    } finally {
      folder.closeSync()
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
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
