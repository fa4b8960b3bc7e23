import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { allFiles, type Prose, prose, proseOf } from '../../helpers/comments.ts'

const root = installationRoot()
const all = prose()
const fileNames = new Set(allFiles().map((path) => basename(path)))

const ENDING = /\w\.(?:md|txt|tsx?|mjs|py|sh|yml)$/
const TOP = /^(?:docs|ops|schema|src|test|workers)\//
/** Files of packages, and of tasks, which we do not have. */
const NOT_OURS = /gdb\.py$|^backtrace\.md$/
/** `src/routes/NOUN.ts`, `test/*`: no one file is meant. */
const PLACEHOLDER = /(^|\/)[A-Z]+\b|\*/

/** Words of a text that name a file or a folder of this repository. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w./@:*-])[\w.*-]+(?:\/[\w.*-]+)*\/?/g)].map(([word]) => word.replace(/[.-]+$/, ''))
    .filter((word) => ENDING.test(word) || TOP.test(word))
    .filter((word) => !PLACEHOLDER.test(word) && !NOT_OURS.test(word))
}

/**
 * From the top of the repository, or from a folder above the one that names it; a source may be named without its folder,
 * a document may not.
 */
function isThere(name: string, from: string): boolean {
  if (!name.includes('/') && !name.endsWith('.md') && fileNames.has(name)) return true
  for (let folder = dirname(from);; folder = dirname(folder)) {
    if (existsSync(join(root, folder, name))) return true
    if (folder === '.') return false
  }
}

function textOf(document: string): string {
  return existsSync(join(root, document)) ? readFileSync(join(root, document), 'utf8') : ''
}

function hasHeading(document: string, heading: string): boolean {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].some(([, own = '']) => own.replaceAll('`', '') === heading)
}

function hasRule(document: string, number: string): boolean {
  return textOf(document).includes(`\n${number}. **`)
}

function hasChapter(number: string): boolean {
  return new RegExp(`^${number.replaceAll('.', '\\.')}\\.? `, 'm').test(textOf('docs/design.txt'))
}

/** Citations of `docs/http.md, 'POST /create'`, `docs/architecture.md, rule 4`, `docs/design.txt, chapter 2.1`. */
function lostPlaces({ text }: Pick<Prose, 'text'>): string[] {
  const line = text.replace(/\s+/g, ' ')
  const headings = [...line.matchAll(/([\w/.-]+\.md)`?, '(.+?)'(?=[\s),;:.|]|$)/g)]
    .filter(([, document = '', heading = '']) => textOf(document) !== '' && !hasHeading(document, heading))
  const rules = [...line.matchAll(/([\w/.-]+\.md), rule (\d)/g)]
    .filter(([, document = '', rule = '']) => !hasRule(document, rule))
  const chapters = [...line.matchAll(/docs\/design\.txt`?, chapters? ([\d.]*\d)(?: (?:to|and) ([\d.]*\d))?/g)]
    .filter(([, ...numbers]) => numbers.some((number) => number !== undefined && !hasChapter(number)))
  return [...headings, ...rules, ...chapters].map(([citation]) => citation)
}

/** What a stranger cannot follow. */
const UNFOLLOWABLE = /\((?:D|A)[):;, ]|\bissue #?\d+|\bspec\/|\.\.\/shared\b|\bdesign, chapter/

describe('what comments and documents cite', () => {
  it('every file or folder that a comment or document cites is there', () => {
    const lost = all.flatMap(({ path, text }) =>
      namesIn(text).filter((name) => !isThere(name, path)).map((name) => `${path} names ${name}`)
    )
    expect(lost).toEqual([])
  })

  it('every heading, rule or chapter that a comment or document cites is there', () => {
    expect(all.flatMap((each) => lostPlaces(each).map((citation) => `${each.path}: ${citation}`))).toEqual([])
  })

  it('comments and documents cite nothing that only those who wrote them have', () => {
    const guilty = all.filter(({ text }) => UNFOLLOWABLE.test(text))
    expect(guilty.map(({ path, text }) => `${path}: ${UNFOLLOWABLE.exec(text)?.[0]}`)).toEqual([])
  })

  it('every built file that a test starts is there', () => {
    const lost = allFiles().filter((path) => path.startsWith('test/')).flatMap((path) =>
      [...textOf(path).matchAll(/\bdist\/((?:src|workers|test)\/[\w/]+)\.js\b/g)].map(([, name = '']) => name)
        .filter((name) => !existsSync(join(root, `${name}.ts`)) && !existsSync(join(root, `${name}.tsx`)))
        .map((name) => `${path} names dist/${name}.js`)
    )
    expect(lost).toEqual([])
  })
})

describe('the search for citations', () => {
  it('reads comments, and documents as a whole', () => {
    expect(proseOf('a.ts', "/**\n * One\n * two.\n */\nconst a = 'docs/no.md' // three\n")).toEqual([
      'One two.',
      'three',
    ])
    expect(proseOf('a.sh', '#!/bin/sh\n# One\n# two.\nx # three\n')).toEqual(['/bin/sh One two.', 'three'])
    expect(proseOf('a.md', '# One\n')).toEqual(['# One\n'])
  })

  it('sees files, also in parentheses and at the end of a sentence, and no placeholders', () => {
    expect(
      namesIn('See docs/no.md, (src/nowhere.ts) and check.ts. Not src/routes/NOUN.ts, a/b.c or https://x/docs/y.md'),
    )
      .toEqual(['docs/no.md', 'src/nowhere.ts', 'check.ts'])
    expect(isThere('check.ts', 'src/app.tsx')).toBe(true)
    expect(isThere('http.md', 'src/app.tsx')).toBe(false)
  })

  it('sees headings, rules and chapters that are not there', () => {
    const text = "docs/http.md, 'POST /create'; docs/http.md, 'No such heading'; docs/architecture.md, rule 4; " +
      'docs/architecture.md, rule 9; docs/design.txt, chapter 2.1; docs/design.txt, chapter 9.9'
    expect(lostPlaces({ text })).toEqual([
      "docs/http.md, 'No such heading'",
      'docs/architecture.md, rule 9',
      'docs/design.txt, chapter 9.9',
    ])
  })
})
