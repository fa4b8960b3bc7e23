import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

/** The number of a control, of a separator or of a mark of direction, and the names of their classes. */
const HIDDEN_CHARACTER = String
  .raw`\\(?:x[01][0-9a-f]|x[7-9][0-9a-f]|u00[01][0-9a-f]|u00[7-9][0-9a-f]|u20[0-6][0-9a-f])`
const CLASS = new RegExp(
  String
    .raw`\[[^\]\n']*${HIDDEN_CHARACTER}|\\[pP]\{(?:C|Cc|Cf|Cs|Co|Cn|Other|Control|Format|Surrogate|Zl|Zp)\}|no-control-regex|isprintable`,
  'i',
)

function linesWith(pattern: RegExp, ...folders: string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(installationRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(tsx?|py)$/.test(name)).map((name) => join(folder, name))
  )
  return files.flatMap((file) =>
    readFileSync(join(installationRoot(), file), 'utf8').split('\n')
      .filter((line) => pattern.test(line)).map((line) => `${file}: ${line.trim()}`)
  )
}

describe("strangers' text", () => {
  it("one file escapes strangers' text: no other has a regular expression of control characters", () => {
    expect(linesWith(CLASS, 'src', 'workers').filter((line) => !line.startsWith('src/text/escape.ts:'))).toEqual([])
  })

  it('would be found to be escaped elsewhere, too', () => {
    expect(linesWith(CLASS, 'src/text').length).toBeGreaterThan(0)
    for (
      const line of ['/[\\u0000-\\u001f]/g', '/\\p{Cc}/u', '/[^\\x20\\x7f]/', 're.sub("[\\x00-\\x1f]", "?", text)']
    ) {
      expect(line).toMatch(CLASS)
    }
  })
})
