/**
 * Unpacks a verified package file into a folder: only what is kept, at the paths of the package, with readable modes
 * and with links that are relative and stay inside. The caller renames the folder into place. Nothing is followed while
 * it writes: symbolic links are made last, so that no member is written through one.
 */
import { createHash, type Hash } from 'node:crypto'
import { closeSync, fchmodSync, linkSync, openSync, rmSync, statSync, symlinkSync, writeSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import { ElfError } from '../../elf/error.ts'
import { readElfFile } from '../../elf/file.ts'
import { fileSource } from '../../elf/source.ts'
import { FetchError } from '../format/error.ts'
import type { Member } from '../format/member.ts'
import { HEAD_BYTES, isGdbScript, isKeptElf, linkTarget, memberPath } from './choose.ts'
import { FILE_MODE, makeFolder } from '../../files/folder.ts'
import { MIB } from '../../units/bytes.ts'

const MAX_MEMBERS = 2_000_000
const MAX_LINKS = 200_000
const ROOM_STEP = 4 * MIB

/** A kept file, as the index takes it. */
export interface KeptEntry {
  /** In the package, with its leading slash. */
  path: string
  role: 'code' | 'debug' | 'dwz' | 'script' | 'link'
  size: number
  buildId: string | undefined
  hasDebug: boolean
  altBuildId: string | undefined
  target: string | undefined
  /** SHA256 of its bytes in lower-case hex; undefined for links. */
  sha256: string | undefined
  /** Its bytes are counted with another file (content.ts). */
  isShared: boolean
}

export interface UnpackOptions {
  /** Made by this function; must not exist. */
  folder: string
  /** Throws when there is no room for so many bytes more. Called for each file, and every 4 MB. */
  assertRoom(bytes: number): void
}

/** Writes what is kept. Throws FetchError 'malformed' for what is no package; the caller removes the folder then. */
export async function unpack(members: AsyncIterable<Member>, options: UnpackOptions): Promise<KeptEntry[]> {
  const state = new Unpacking(options)
  let count = 0
  for await (const member of members) {
    if (++count > MAX_MEMBERS) throw new FetchError('malformed', `The package has more than ${MAX_MEMBERS} members`)
    await state.take(member)
  }
  return state.finish()
}

class Unpacking {
  readonly #folder: string
  readonly #assertRoom: (bytes: number) => void
  readonly #links = new Map<string, string>()
  /** With the SHA256 of each. */
  readonly #files = new Map<string, string>()
  readonly #folders = new Set<string>()
  #sinceCheck = 0

  constructor({ folder, assertRoom }: UnpackOptions) {
    this.#folder = folder
    this.#assertRoom = assertRoom
    makeFolder(folder)
  }

  async take(member: Member): Promise<void> {
    const path = memberPath(member.path)
    if (member.type === 'file') return await this.#takeFile(path, member)
    member.body.resume()
    if (member.target === undefined || path === '') return
    if (member.type === 'link') this.#takeHardLink(path, memberPath(member.target))
    if (member.type === 'symlink') {
      if (this.#links.size >= MAX_LINKS) throw new FetchError('malformed', `The package has over ${MAX_LINKS} links`)
      this.#links.set(path, member.target)
    }
  }

  async #takeFile(path: string, member: Member): Promise<void> {
    const isScript = isGdbScript(path)
    if (!isScript && member.size < HEAD_BYTES) {
      member.body.resume()
      return
    }
    let file: number | undefined
    let isSkipped = false
    let head: Uint8Array = new Uint8Array(0)
    const hash = createHash('sha256')
    try {
      // Read to the end in any case: leaving the loop would destroy the member, and with it the archive's stream.
      for await (const chunk of member.body) {
        if (isSkipped) continue
        if (file !== undefined) {
          this.#write(file, chunk, hash)
          continue
        }
        head = head.length === 0 ? chunk : concat(head, chunk)
        if (head.length < HEAD_BYTES && !isScript) continue
        if (!isScript && !isKeptElf(path, head)) {
          isSkipped = true
          continue
        }
        this.#assertRoom(member.size)
        file = this.#create(path)
        this.#write(file, head, hash)
      }
    } finally {
      if (file !== undefined) closeSync(file)
    }
    if (file !== undefined) this.#files.set(path, hash.digest('hex'))
  }

  #create(path: string): number {
    if (path === '' || this.#files.has(path)) {
      throw new FetchError('malformed', 'The package holds a name twice: refused')
    }
    this.#makeParent(path)
    const file = this.#attempt(path, (absolute) => openSync(absolute, 'wx', FILE_MODE))
    fchmodSync(file, FILE_MODE)
    return file
  }

  #write(file: number, chunk: Uint8Array, hash: Hash): void {
    hash.update(chunk)
    this.#sinceCheck += chunk.length
    if (this.#sinceCheck >= ROOM_STEP) {
      this.#assertRoom(0)
      this.#sinceCheck = 0
    }
    for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at)
  }

  #takeHardLink(path: string, target: string): void {
    const sha256 = this.#files.get(target)
    if (sha256 === undefined) return
    if (this.#files.has(path)) throw new FetchError('malformed', 'The package holds a name twice: refused')
    this.#makeParent(path)
    this.#attempt(path, (absolute) => linkSync(join(this.#folder, target), absolute))
    this.#files.set(path, sha256)
  }

  #makeParent(path: string): void {
    const parent = dirname(path)
    if (this.#folders.has(parent)) return
    this.#attempt(parent, makeFolder)
    this.#folders.add(parent)
  }

  /** A name that is a file in one member and a folder in the next is the package's fault. */
  #attempt<Result>(path: string, act: (absolute: string) => Result): Result {
    try {
      return act(join(this.#folder, path))
    } catch (error) {
      const code = errnoOf(error) ?? ''
      if (['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes(code)) {
        throw new FetchError('malformed', 'The package holds names that contradict each other', { cause: error })
      }
      throw error
    }
  }

  finish(): KeptEntry[] {
    const entries: KeptEntry[] = []
    for (const [path, sha256] of this.#files) {
      const entry = describe(path, join(this.#folder, path), sha256)
      if (entry === undefined) rmSync(join(this.#folder, path))
      else entries.push(entry)
    }
    const kept = new Set(entries.map(({ path }) => path.slice(1)))
    for (const link of this.#links.keys()) {
      const target = linkTarget(link, this.#links, kept)
      if (target === undefined || kept.has(link)) continue
      if (this.#makeLink(link, target)) entries.push(linkEntry(link, target))
    }
    return entries
  }

  #makeLink(link: string, target: string): boolean {
    try {
      makeFolder(join(this.#folder, dirname(link)))
      symlinkSync(relative(dirname(`/${link}`), `/${target}`), join(this.#folder, link))
      return true
    } catch (error) {
      // A link where a folder is, or below a link: the file itself is there under its own name.
      if (/^(EEXIST|ENOTDIR|ELOOP)$/.test(errnoOf(error) ?? '')) return false
      throw error
    }
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function linkEntry(link: string, target: string): KeptEntry {
  return {
    path: `/${link}`,
    role: 'link',
    size: 0,
    buildId: undefined,
    hasDebug: false,
    altBuildId: undefined,
    target: `/${target}`,
    sha256: undefined,
    isShared: false,
  }
}

/** What the file is; undefined for an ELF header with nothing behind it that anybody could load. */
function describe(path: string, absolute: string, sha256: string): KeptEntry | undefined {
  const { size } = statSync(absolute)
  const nothing = { buildId: undefined, hasDebug: false, altBuildId: undefined, target: undefined }
  const base = { path: `/${path}`, size, sha256, isShared: false, ...nothing }
  if (isGdbScript(path)) return { ...base, role: 'script' }
  try {
    using source = fileSource(absolute)
    const elf = readElfFile(source)
    const isDebugPath = path.startsWith('usr/lib/debug/')
    const role = elf.hasCode ? 'code' : isDebugPath && path.startsWith('usr/lib/debug/.dwz/') ? 'dwz' : 'debug'
    if (role === 'debug' && !isDebugPath && !elf.hasDebugInfo) return undefined
    return {
      ...base,
      role,
      buildId: elf.buildId,
      hasDebug: elf.hasDebugInfo,
      altBuildId: elf.debugAltLink?.buildId,
    }
  } catch (error) {
    if (error instanceof ElfError) return undefined
    throw error
  }
}
