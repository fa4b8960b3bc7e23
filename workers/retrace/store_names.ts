/**
 * Where kept files are inside the sandbox. Whole packages are bound where it is known which, before the sandbox is made; a
 * sandbox that was made before that sees the files alone, side by side (src/packages/keep/view.ts). Pure.
 */
import { basename, relative } from 'node:path'
import type { Bind } from '../../src/process/wall.ts'
import type { KeptFile } from './resolve/resolve.ts'
import { INSIDE } from './sandbox/arguments.ts'

type Kept = Pick<KeptFile, 'path' | 'packageDir'>

export interface StoreNames {
  /** The path inside of a kept file. */
  file(file: Kept): string
  /** The path inside of a folder of a package, with all in it. */
  folder(folder: Kept): string
  /** What indices of a package's files are below. */
  package(packageDir: string): string
  binds(): Bind[]
}

/** The package folders that are bound, by number: /store/0, /store/1, ... */
export class PackageNames implements StoreNames {
  readonly #numbers = new Map<string, number>()

  file({ path, packageDir }: Kept): string {
    return `${this.package(packageDir)}/${relative(packageDir, path)}`
  }

  folder(folder: Kept): string {
    return this.file(folder)
  }

  package(packageDir: string): string {
    const number = this.#numbers.get(packageDir) ?? this.#numbers.size
    this.#numbers.set(packageDir, number)
    return `${INSIDE.store}/${number}`
  }

  binds(): Bind[] {
    return [...this.#numbers].map(([from, number]) => ({
      from,
      at: `${INSIDE.store}/${number}`,
      isShared: true as const,
    }))
  }
}

/** Each file under its own name: in /store/0, or, where another one has that name there, in /store/1, ... */
export class FileNames implements StoreNames {
  readonly #files = new Map<string, string>()
  readonly #folders = new Map<string, string>()
  /** How many files have a name. */
  readonly #taken = new Map<string, number>()

  file({ path }: Pick<Kept, 'path'>): string {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const name = basename(path)
    const number = this.#taken.get(name) ?? 0
    this.#taken.set(name, number + 1)
    const place = `${INSIDE.store}/${number}/${name}`
    this.#files.set(path, place)
    return place
  }

  folder({ path }: Kept): string {
    const place = this.#folders.get(path) ?? `${INSIDE.store}/folder-${this.#folders.size}`
    this.#folders.set(path, place)
    return place
  }

  /** As it is outside: whoever shows an index asks for its own name. */
  package(packageDir: string): string {
    return packageDir
  }

  binds(): Bind[] {
    return []
  }

  /** Below /store, of all files and folders that were asked for. */
  places(): { files: { from: string; at: string }[]; folders: { from: string; at: string }[] } {
    const list = (places: Map<string, string>) =>
      [...places].map(([from, at]) => ({ from, at: at.slice(INSIDE.store.length) }))
    return { files: list(this.#files), folders: list(this.#folders) }
  }
}
