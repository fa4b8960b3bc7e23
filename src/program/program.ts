/**
 * What all programs share: where the installation is, its version, and the shape of `--help` and `--version`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds `package.json`, `ops` and `schema`, from the sources as well as from `dist`. */
export function installationRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('Cannot find package.json above the program')
    folder = parent
  }
  return folder
}

/** The version that package.json names. */
export function version(): string {
  return JSON.parse(readFileSync(join(installationRoot(), 'package.json'), 'utf8')).version
}

/** Exit codes of every program (docs/settings.md, 'Programs'). */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const
