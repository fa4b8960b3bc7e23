/**
 * What this house says in prose: the comments of its sources and scripts, each as one line, and its documents whole.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'

/** A piece of prose, and the file in which it stands. */
export interface Prose {
  path: string
  text: string
}

const FOLDERS = ['.github', 'docs', 'ops', 'schema', 'src', 'test', 'workers']
/** Made by others, or by programs. */
const FOREIGN = /^(test\/fixtures\/cores|schema\/migrations|docs\/design\.txt)/

/** Every file of the repository, from its top. */
export function allFiles(): string[] {
  return [...namesIn('.', false), ...FOLDERS.flatMap((folder) => namesIn(folder, true))]
}

export function prose(): Prose[] {
  return allFiles().filter((path) => !FOREIGN.test(path)).flatMap((path) =>
    proseOf(path, readFileSync(join(installationRoot(), path), 'utf8')).map((text) => ({ path, text }))
  )
}

/** The text of a document; the comments of everything else. */
export function proseOf(path: string, text: string): string[] {
  if (path.endsWith('.md')) return [text]
  if (/\.[cm]?tsx?$|\.mjs$|\.c$|\.cc$/.test(path)) return commentsOf(text)
  if (path.endsWith('.py')) {
    return [...text.matchAll(/"""[\s\S]*?"""|(?:^\s*#.*\n)+/gm)].map(([each]) => plain(each, '#'))
  }
  if (/\.json$|\.lock$|\.xz$|\.zst$/.test(path)) return []
  return [...text.matchAll(/(?:^\s*#.*\n)+|\s# .*$/gm)].map(([each]) => plain(each, '#'))
}

function commentsOf(text: string): string[] {
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^\s*\/\/.*\n)+|\s\/\/ .*$/gm)].map(([each]) => plain(each, '/*'))
}

/** One line, without the marks at the beginning of each. */
function plain(comment: string, marks: string): string {
  const mark = marks === '#' ? /^\s*#+!? ?/gm : /^\s*(?:\/\*+|\*\/|\*|\/\/) ?/gm
  return comment.replace(mark, '').replace(/\*\/\s*$/, '').replace(/\s+/g, ' ').trim()
}

function namesIn(folder: string, recursive: boolean): string[] {
  const root = installationRoot()
  return readdirSync(join(root, folder), { recursive, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}
