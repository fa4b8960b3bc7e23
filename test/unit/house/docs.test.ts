import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LOG_CATEGORIES } from '../../../src/config/log_categories.ts'
import { SETTINGS } from '../../../src/config/settings.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { sources } from '../../helpers/sources.ts'

const document = (name: string) => readFileSync(join(installationRoot(), 'docs', name), 'utf8')
const all = sources('src', 'workers', 'schema')

describe('docs/architecture.md', () => {
  const rows = [...document('architecture.md').matchAll(/^\| (`[^|]*`) \|/gm)].map(([, names = '']) => names)

  it('docs/architecture.md has a row for every room, or names it in the row of the room around it', () => {
    const folders = new Set(all.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))
    const rooms = document('architecture.md').split('\n').filter((line) => line.startsWith('| `'))
    const unnamed = [...folders].filter((folder) => {
      const [around, own] = [folder.slice(0, folder.lastIndexOf('/')), folder.slice(folder.lastIndexOf('/') + 1)]
      return !rooms.some((line) => line.includes(`\`${folder}\``)) &&
        !rooms.some((line) => line.startsWith(`| \`${around}\``) && line.includes(`\`${own}\``))
    })
    expect(unnamed).toEqual([])
  })

  it('docs/architecture.md has no row for a room that is gone', () => {
    const folders = new Set(all.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))
    const named = rows.flatMap((names) =>
      [...names.matchAll(/`((?:src|workers)[\w/]*)`/g)].map(([, name = '']) => name)
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !folders.has(name))).toEqual([])
  })
})

describe('docs/settings.md', () => {
  it('docs/settings.md has every setting, and none that does not exist', () => {
    const rows = document('settings.md').split('\n').filter((line) => line.startsWith('| `RETRACE_'))
    const named = rows.flatMap((line) => line.split(' | ')[0]?.match(/RETRACE_[A-Z_]+/g) ?? [])
    expect(named.sort()).toEqual(Object.values(SETTINGS).map(({ name }) => name).sort())
  })

  it('docs/settings.md has every category of the log', () => {
    const used = new Set(
      all.flatMap(({ text }) => [...text.matchAll(/\blog\('(\w+)'\)/g)].map(([, name = '']) => name)),
    )
    expect(LOG_CATEGORIES).toEqual([...used].sort())
    const said = /Categories: (.*?) \|/.exec(document('settings.md'))?.[1] ?? ''
    expect([...said.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([...used].sort())
  })
})
