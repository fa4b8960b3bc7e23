import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { count } from '../../../src/text/count.ts'

/** Nouns of our sentences; a constant in capitals before one is a limit, and none of those is 1. */
const NOUNS =
  'places|tasks|seconds|days|bytes|packages|suites|indices|paths|processes|frames|threads|modules|segments|strays'
const COUNTED = new RegExp(String.raw`\$\{(?![A-Z_]+\})(?!count\()[^{}]*\} (?:[a-z]+ )?(?:${NOUNS})\b`)

describe('count()', () => {
  it('says one of a thing in the singular, none and many in the plural', () => {
    expect([0, 1, 2].map((amount) => count(amount, 'frame'))).toEqual(['0 frames', '1 frame', '2 frames'])
    expect([1, 2].map((amount) => count(amount, 'process', 'processes'))).toEqual(['1 process', '2 processes'])
  })

  it('every number in a text for people comes before its noun by count()', () => {
    expect('`All ${places} places are taken`').toMatch(COUNTED)
    expect('`at most ${MAX_PLACES} bytes`').not.toMatch(COUNTED)
    const found = ['src', 'workers'].flatMap((folder) =>
      readdirSync(join(installationRoot(), folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name)).map((name) => join(folder, name))
    ).flatMap((file) =>
      readFileSync(join(installationRoot(), file), 'utf8').split('\n').filter((line) => COUNTED.test(line))
        .map((line) => `${file}: ${line.trim()}`)
    )
    expect(found).toEqual([])
  })
})
