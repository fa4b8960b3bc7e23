/**
 * The words of this house that can name a program: in TypeScript each whole string and the first words of commands in
 * longer ones, in shell scripts the first words of commands. More than programs, never fewer, but for names that are put
 * together while the code runs.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'

const FOLDERS = ['src', 'workers', 'schema', 'test', 'ops', '.ci']
/** What stands before the first word of a command, besides the beginning of a line. */
const LEADS = /(?:^|[|&;({]|`|\$\(|\b(?:if|then|else|elif|while|until|do|exec|env|sudo|as_root|time|xargs)\s|!\s)\s*/gm
const ASSIGNMENT = /^(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)*/
const WORD = /^[\w./+-]+(?=[\s;|&)'"`]|$)/

/** Each word, with the files in which it stands. */
export function commandWords(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const path of FOLDERS.flatMap(filesBelow)) {
    const text = readFileSync(join(installationRoot(), path), 'utf8')
    const words = /\.(tsx?|mjs)$/.test(path) ? wordsOfCode(text) : isShell(path, text) ? wordsOfShell(text) : []
    for (const word of new Set(words)) found.set(word, [...found.get(word) ?? [], path])
  }
  return found
}

/** The strings of TypeScript, without the comments and the names of modules. */
export function wordsOfCode(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '').replace(
    /\b(from|import) '[^']*'/g,
    '',
  )
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, single, double, template]) => single ?? double ?? template ?? '')
    .flatMap((string) => /^[\w./+-]+$/.test(string) ? [string] : firstWords(string))
}

/** The first words of the commands of a script, without its comments. */
export function wordsOfShell(text: string): string[] {
  return firstWords(text.replace(/^\s*#.*$/gm, '').replace(/\\\n/g, ' '))
}

function firstWords(text: string): string[] {
  return [...text.matchAll(LEADS)].map((lead) => {
    const rest = text.slice(lead.index + lead[0].length)
    return WORD.exec(rest.replace(ASSIGNMENT, ''))?.[0] ?? ''
  }).filter((word) => word !== '')
}

function isShell(path: string, text: string): boolean {
  return path.endsWith('.sh') || /^#!.*\b(ba)?sh\b/.test(text)
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(installationRoot(), folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('test/fixtures'))
    .map((entry) => join(entry.parentPath, entry.name).slice(installationRoot().length + 1))
}
