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

/** Everything that is loaded with a file, itself included: project files and packages, but no types and no `import()`. */
export function loadedWith(path: string, all: readonly Source[]): { files: Set<string>; packages: Set<string> } {
  const byPath = new Map(all.map((source) => [source.path, source]))
  const files = new Set<string>()
  const packages = new Set<string>()
  const load = (file: string) => {
    const source = byPath.get(file)
    if (source === undefined || files.has(file)) return
    files.add(file)
    for (const name of loads(source)) {
      if (name.startsWith('.')) load(normalize(join(dirname(file), name)))
      else packages.add(name)
    }
  }
  load(path)
  return { files, packages }
}

function loads({ text }: Source): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type\b)([^'"`(]*?from )?'([^']+)'/gm)]
    .filter(([, names = 'x']) => !/^\{\s*(type \w+,?\s*)+\} from $/.test(names))
    .map(([, , name = '']) => name)
}

/** A source without its comments; one that stands behind code on its line stays. */
export function codeOf({ text }: Pick<Source, 'text'>): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
