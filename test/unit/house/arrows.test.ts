import { describe, expect, it } from 'vitest'
import { type Source, sources } from '../../helpers/sources.ts'

const all = sources('src', 'workers', 'schema')

/** Which rooms a room may call (architecture.md); a room may always call itself. Files directly in src have their own row. */
const MAY_CALL: Record<string, string[]> = {
  'schema': [],
  'src/elf': [],
  'src/packages': ['schema', 'src/elf', 'src/base'],
  'src/spool': ['schema', 'src/base'],
  'src/upload': ['src/spool', 'src/elf', 'src/base'],
  'src/runner': ['schema', 'src/elf', 'src/packages', 'src/spool', 'src/base'],
  'src/routes': [
    'schema',
    'src/elf',
    'src/packages',
    'src/spool',
    'src/upload',
    'src/runner',
    'src/base',
    'src/services',
  ],
  'src/server': ['src/app', 'src/routes', 'src/runner', 'src/spool', 'src/packages', 'src/base', 'src/services'],
  'src/services': ['src/packages', 'src/spool', 'src/upload', 'src/runner', 'src/base', 'src/server'],
  'src/base': ['schema'],
  'workers/retrace': ['schema', 'src/elf', 'src/packages', 'src/spool', 'src/base'],
  'workers/reposync': ['schema', 'src/elf', 'src/packages', 'src/spool', 'src/base'],
  'workers/clean': ['schema', 'src/elf', 'src/packages', 'src/spool', 'src/base'],
}

/** What every room may use: settings, failures, the log, the database, and what programs share. */
const BASE = ['config', 'errors', 'log', 'database', 'program', 'metrics']

function room(path: string): string {
  const [top = '', second = ''] = path.split('/')
  if (top === 'schema') return top
  if (!/\.tsx?$/.test(second)) return `${top}/${second}`
  const name = second.replace(/\.tsx?$/, '')
  return BASE.includes(name) ? 'src/base' : `${top}/${name}`
}

function forbidden(source: Source): string[] {
  const from = room(source.path)
  if (from === 'src/main' || from === 'src/app') return []
  return source.imports
    .filter((path) => room(path) !== from && !(MAY_CALL[from] ?? []).includes(room(path)))
    .map((path) => `${source.path} imports ${path}`)
}

describe('the arrows of the house', () => {
  it('lets each room call only the rooms below it', () => {
    expect(all.flatMap(forbidden)).toEqual([])
  })

  it('has a row for every room', () => {
    const rooms = new Set(all.map((source) => room(source.path)))
    const known = [...Object.keys(MAY_CALL), 'src/main', 'src/app']
    expect([...rooms].filter((name) => !known.includes(name))).toEqual([])
  })

  it('keeps workers out of src', () => {
    const guilty = all.filter((source) => source.path.startsWith('src/'))
      .filter((source) => source.imports.some((path) => path.startsWith('workers/')))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('keeps Hono out of the domain folders', () => {
    const guilty = all.filter((source) =>
      /^(schema|src\/(elf|packages|spool|upload|runner)|workers)\b/.test(source.path)
    )
      .filter((source) => source.packages.some((name) => /^(hono|@hono)\b/.test(name)))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('has no circle among its files', () => {
    const imports = new Map(all.map((source) => [source.path, source.imports]))
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (trail.includes(path) || done.has(path)) return
      for (const next of imports.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of imports.keys()) visit(path, [])
    expect(circles).toEqual([])
  })
})

describe('the habits of the house', () => {
  it('reads the environment in config.ts only', () => {
    const guilty = all.filter((source) => source.path !== 'src/config.ts')
      .filter((source) => /\bprocess\.env\b|import \{[^}]*\benv\b[^}]*\} from 'node:process'/.test(source.text))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('opens every module with a comment that says what it owns', () => {
    const guilty = all.filter((source) => !source.text.startsWith('/**'))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('has no file over 350 lines', () => {
    const long = [...all, ...sources('test')].filter((source) => source.text.split('\n').length > 351)
    expect(long.map((source) => source.path)).toEqual([])
  })
})
