import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { RESULTS, SERVER_FILES, WORKING_FILES } from '../../../src/task/files.ts'
import { sources } from '../../helpers/sources.ts'

describe("the files of a task's directory", () => {
  it.each([...SERVER_FILES, ...RESULTS, ...WORKING_FILES])(
    "the table of docs/architecture.md has the file %s of a task's directory",
    (name) => {
      const document = readFileSync(join(installationRoot(), 'docs', 'architecture.md'), 'utf8')
      const chapter = document.slice(document.indexOf("## A task's directory")).split('\n## ', 2)[0] ?? ''
      expect(chapter.split('\n').filter((line) => line.startsWith('| ')).join('\n')).toContain(`\`${name}\``)
    },
  )

  it('get their temporary names in one place', () => {
    const elsewhere = sources('src', 'workers').filter(({ path }) => !path.startsWith('src/task/'))
    expect(elsewhere.filter(({ text }) => text.includes('.partial')).map(({ path }) => path)).toEqual([])
  })
})
