import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settingsHelp } from '../../../src/config/help.ts'
import { type Program, PROGRAMS, SETTINGS, settingsReadBy } from '../../../src/config/settings.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { type Source, sources } from '../../helpers/sources.ts'

const settings = Object.values(SETTINGS)
const namesReadBy = (...programs: Program[]) => settingsReadBy(...programs).map(([, { name }]) => name)
const namesIn = (text: string) => [...new Set(text.match(/\bRETRACE_[A-Z_]+[A-Z]\b/g))]

const MAIN: Record<Program, string> = {
  'abrt-retrace-server': 'src/main.ts',
  'abrt-retrace-worker': 'workers/retrace/main.ts',
  'abrt-reposync': 'workers/reposync/main.ts',
  'abrt-retrace-clean': 'workers/clean/main.ts',
}

/** The programs whose settings a program reads: its own, and those of the worker that the server starts. */
const READS: Record<Program, Program[]> = {
  'abrt-retrace-server': ['abrt-retrace-server', 'abrt-retrace-worker'],
  'abrt-retrace-worker': ['abrt-retrace-worker'],
  'abrt-reposync': ['abrt-reposync'],
  'abrt-retrace-clean': ['abrt-retrace-clean'],
}

describe('the settings', () => {
  it('the sample file has every setting with its default', () => {
    const sample = readFileSync(join(installationRoot(), 'ops/abrt-retrace.env'), 'utf8')
    const shown = Object.fromEntries(
      [...sample.matchAll(/^#?(RETRACE_\w+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
    )
    expect(Object.keys(shown).sort()).toEqual(settings.map(({ name }) => name).sort())
    for (const { name, default: value } of settings) {
      if (value !== '') expect(`${name}=${shown[name]}`).toBe(`${name}=${value}`)
    }
  })

  it('the README has every setting with its default and its meaning', () => {
    const readme = readFileSync(join(installationRoot(), 'README.md'), 'utf8')
    for (const { name, default: value, meaning } of settings) {
      expect(readme).toContain(`| \`${name}\` | ${value === '' ? '-' : `\`${value}\``} | ${meaning} |\n`)
    }
  })

  it('no two settings share a name, and no two of their values do', () => {
    expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length)
    for (const [key, { name }] of Object.entries(SETTINGS)) {
      expect(key.toLowerCase()).toBe(name.slice('RETRACE_'.length).replaceAll('_', '').toLowerCase())
    }
  })
})

describe.each(PROGRAMS)('%s', (program) => {
  it('shows the settings that it reads, and no other, in --help', () => {
    const others = READS[program].filter((other) => other !== program)
    const help = settingsHelp(program, { starts: others })
    expect(namesIn(help).sort()).toEqual(namesReadBy(...READS[program]).sort())
    expect(namesIn(help.split('\n\n')[0] ?? '').sort()).toEqual(namesReadBy(program).sort())
  })

  it('the manual page of a program has all of its settings, and no other', () => {
    const section = program === 'abrt-retrace-worker' ? 1 : 8
    const page = readFileSync(join(installationRoot(), 'ops/man', `${program}.${section}.md`), 'utf8')
    const own = page.split('\n## SETTINGS\n')[1]?.split('\n## ')[0] ?? ''
    expect(namesIn(own)).toEqual([...new Set(READS[program].flatMap((each) => namesReadBy(each)))])
  })

  it('a file of a program mentions each of its settings', () => {
    const files = reachableFrom(MAIN[program]).filter(({ path }) => path !== 'src/config/settings.ts')
    const text = files.map((file) => file.text).join('\n')
    const unread = settingsReadBy(program).filter(([key]) => !new RegExp(`\\b${key}\\b`).test(text))
    expect(unread.map(([key]) => key)).toEqual([])
  })
})

/** The source files that a program consists of: what its main file imports, and what those import. */
function reachableFrom(main: string): Source[] {
  const byPath = new Map(sources('src', 'workers', 'schema').map((source) => [source.path, source]))
  const found = new Set<string>()
  const visit = (path: string): void => {
    if (found.has(path)) return
    found.add(path)
    byPath.get(path)?.imports.forEach(visit)
  }
  visit(main)
  return [...found].flatMap((path) => byPath.get(path) ?? [])
}
