/** The manual pages: clean for mandoc, and equal to what the programs say of themselves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'
import { installationRoot } from '../../src/program/program.ts'

const folder = join(installationRoot(), 'ops', 'man')
const built = join(installationRoot(), 'dist', 'man')
const pages = readdirSync(folder)
const source = (name: string) => readFileSync(join(folder, name), 'utf8')

/** The client's settings are options, files and one variable: no table of them. */
const CLIENT = 'retrace.1'
const PROGRAMS = ['abrt-retrace-server.8', 'abrt-retrace-worker.1', 'abrt-reposync.8', 'abrt-retrace-clean.8']

describe('the manual pages', () => {
  it('there is a manual page for every program and for both kinds of files', () => {
    expect(pages.map((name) => name.replace(/\.md$/, '')).sort())
      .toEqual([...PROGRAMS, CLIENT, 'abrt-retrace.env.5', 'abrt-retrace-repos.5'].sort())
  })

  it.each(pages)('pass mandoc -Tlint: %s', (page) => {
    const name = page.replace(/\.md$/, '')
    const { stdout, error } = spawnSync('mandoc', ['-Tlint', '-W', 'warning', join(built, name)], { encoding: 'utf8' })
    expect([error, stdout]).toEqual([undefined, ''])
  })

  it.each([...PROGRAMS, CLIENT])('name every option of the program, and no other: %s', (name) => {
    const program = join(installationRoot(), 'ops', 'bin', name.replace(/\.\d$/, ''))
    const help = execFileSync(program, ['--help'], { encoding: 'utf8' }).split('\nSettings (')[0] ?? ''
    const options = (text: string) => [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]*/g))].sort()
    const page = source(`${name}.md`).split('\n## SYNOPSIS')[1]?.split('\n## ') ?? []
    const own = page.filter((section) => /^\s|^OPTIONS/.test(section)).join('\n')
    expect(options(own)).toEqual([...new Set([...options(help), '--help', '--version'])].sort())
  })

  it.each(PROGRAMS)('name the settings that --help of the program shows, and no other: %s', (name) => {
    const program = join(installationRoot(), 'ops', 'bin', name.replace(/\.\d$/, ''))
    const help = execFileSync(program, ['--help'], { encoding: 'utf8' }).split('\nSettings (')[1] ?? ''
    const names = (text: string) => [...new Set(text.match(/\bRETRACE_[A-Z_]+[A-Z]\b/g))]
    const own = source(`${name}.md`).split('\n## SETTINGS\n')[1]?.split('\n## ')[0] ?? ''
    expect(names(help).length).toBeGreaterThan(5)
    expect(names(own)).toEqual(names(help))
  })

  it('name every setting with its default and its meaning', () => {
    const page = source('abrt-retrace.env.5.md')
    const shown = [...page.matchAll(/^ {2}\* `(RETRACE_\w+)` \((?:default: `(.*)`|not set)\):\n {4}(.*)\.$/gm)]
    expect(shown.map(([, name, value, meaning]) => [name, value, meaning?.toLowerCase()])).toEqual(
      Object.values(SETTINGS).map((
        { name, default: value, meaning },
      ) => [name, value || undefined, meaning.toLowerCase()]),
    )
  })

  it('name every key of our own of a repository file', () => {
    const read = ['deb/sources_file.ts', 'deb/connection.ts', 'rpm/repo_file.ts']
      .map((file) => readFileSync(join(installationRoot(), 'src', 'packages', file), 'utf8')).join('\n')
    const keys = (text: string) =>
      [...new Set(text.match(/\bx-retrace-[a-z-]+\b|\bretrace_[a-z]+\b/gi)?.map((key) => key.toLowerCase()))].sort()
    expect(keys(source('abrt-retrace-repos.5.md'))).toEqual(keys(read))
  })

  it('name no setting that there is not', () => {
    const named = pages.filter((page) => page !== `${CLIENT}.md`).flatMap((page) =>
      source(page).match(/\bRETRACE_[A-Z_]+[A-Z]\b/g) ?? []
    )
    const names = Object.values(SETTINGS).map(({ name }): string => name)
    expect([...new Set(named)].filter((name) => !names.includes(name))).toEqual([])
  })

  it('say what the design demands of them', () => {
    expect(source('abrt-retrace-server.8.md')).toMatch(/only HTTPS may be used/)
    expect(source('abrt-retrace-server.8.md')).toMatch(/administrator should check that persistent\s+connections/)
    expect(source('abrt-retrace-clean.8.md')).toMatch(/cron is expected to call it once a day/)
    expect(source('abrt-reposync.8.md')).toMatch(/cron is expected to call it every 6 hours/)
  })
})
