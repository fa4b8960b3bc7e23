/**
 * The sources of this house, for tests that hold its arrows and its habits.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'

/** A source file: its path from the top of the repository, its text, and the project files that it imports. */
export interface Source {
  path: string
  text: string
  imports: string[]
  /** Packages and node: modules that it imports. */
  packages: string[]
}

/** All TypeScript files below the named top-level folders. */
export function sources(...folders: string[]): Source[] {
  const root = installationRoot()
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => readSource(root, join(folder, name)))
  )
}

function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const named = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
  return {
    path,
    text,
    imports: named.filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(path), name))),
    packages: named.filter((name) => !name.startsWith('.')),
  }
}

/** A source without its comments; one that stands behind code on its line stays. */
export function codeOf({ text }: Pick<Source, 'text'>): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
