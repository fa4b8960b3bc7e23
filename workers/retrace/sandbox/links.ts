/**
 * The symbolic links that make a task's root: the names that gdb will look for, each leading to a kept file. A name
 * that leaves the root, or is in the way of another one, is left out and reported.
 */
import type { Link } from '../../../src/process/wall.ts'
import { controlIn } from '../../../src/text/escape.ts'

/** Directories that merged-usr systems have as links; each root gets them, since cores name files both ways. */
export const MERGED = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'] as const

/**
 * The one spelling of a path that a core or a package names: absolute, without `.`, `..` and doubled slashes, below
 * /usr where the merged directories are. Undefined for what is no absolute path, leads above the root, holds control
 * characters, or is longer than the kernel takes.
 */
export function canonicalPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.length > 4000 || controlIn(path) !== undefined) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part.length > 255) return undefined
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  if (parts.length === 0) return undefined
  return (MERGED as readonly string[]).includes(parts[0] ?? '') ? `/usr/${parts.join('/')}` : `/${parts.join('/')}`
}

/** A set of links in which every path is either a link or a directory above links, never both. */
export class LinkSet {
  readonly #links = new Map<string, string>()
  readonly #folders = new Set<string>()

  /** Adds a link; false when another link or folder is in its way. The first one to ask for a name gets it. */
  add(path: string, target: string): boolean {
    if (this.#links.has(path)) return this.#links.get(path) === target
    if (this.#folders.has(path)) return false
    const above = foldersAbove(path)
    if (above.some((folder) => this.#links.has(folder))) return false
    for (const folder of above) this.#folders.add(folder)
    this.#links.set(path, target)
    return true
  }

  has(path: string): boolean {
    return this.#links.has(path)
  }

  get size(): number {
    return this.#links.size
  }

  list(): Link[] {
    return [...this.#links].map(([path, target]) => ({ path, target }))
  }
}

function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    folders.push(path.slice(0, slash))
  }
  return folders
}
