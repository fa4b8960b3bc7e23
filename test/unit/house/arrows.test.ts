import { describe, expect, it } from 'vitest'
import { type Source, sources } from '../../helpers/sources.ts'

const all = sources('src', 'workers', 'schema')

/**
 * Which folders a folder may call (docs/architecture.md), from the ground up; a folder may always call itself.
 */
const MAY_CALL: Record<string, string> = {
  'schema': '',
  'src/program': '',
  'src/config': 'src/program',
  'src/database': 'schema src/program',
  'src/errors': '',
  'src/files': '',
  'src/elf': '',
  'src/process': 'src/packages/transfer',
  'src/telemetry': 'src/config src/errors',
  'src/packages/transfer': 'src/config src/files src/process src/telemetry src/packages/format',
  'src/packages/format': 'src/process src/packages/transfer',
  'src/packages/release': 'src/elf',
  'src/packages/verify': 'src/process src/packages/transfer src/packages/format',
  'src/packages/deb':
    'src/program src/elf src/process src/packages/transfer src/packages/format src/packages/release src/packages/verify',
  'src/packages/index': 'src/database src/process src/packages/format',
  'src/packages/rpm':
    'src/program src/elf src/process src/packages/transfer src/packages/format src/packages/release src/packages/verify',
  'src/packages':
    'src/program src/database src/elf src/packages/format src/packages/release src/packages/deb src/packages/index src/packages/rpm',
  'src/spool': 'schema src/program src/config src/database src/errors src/files src/telemetry',
  'src/runner':
    'schema src/config src/database src/errors src/files src/elf src/telemetry src/packages/release src/packages src/spool',
  'src/upload': 'src/config src/errors src/files src/spool',
  'src/routes':
    'src/program src/config src/errors src/elf src/telemetry src/packages/release src/packages src/spool src/runner src/upload src/http',
  'src/tls': 'src/program src/config',
  'src/server': 'src/program src/config src/errors src/telemetry src/packages/index src/routes src/tls src/http',
  'src/http': 'src/program src/config src/database src/errors src/telemetry src/spool src/runner src/server src/health',
  'src/health': 'src/config src/database src/files src/packages/index src/spool src/tls src/http',
  'src':
    'src/program src/config src/database src/errors src/telemetry src/spool src/runner src/routes src/tls src/server src/http src/health',
  'src/packages/keep':
    'src/config src/database src/files src/elf src/process src/telemetry src/packages/transfer src/packages/format src/packages/index src/packages',
  'src/packages/supply':
    'src/program src/config src/database src/files src/telemetry src/packages/transfer src/packages/format src/packages/index src/packages src/packages/keep',
  'workers/clean': 'src/program src/config src/database src/errors src/telemetry src/spool src/packages/keep',
  'workers/reposync/command': 'src/program',
  'workers/reposync/full':
    'src/program src/config src/database src/telemetry src/packages/transfer src/packages/format src/packages/index src/packages src/packages/keep src/packages/supply workers/reposync/command',
  'workers/reposync':
    'src/program src/config src/database src/files src/telemetry src/packages/transfer src/packages/format src/packages/release src/packages/index src/packages src/packages/keep src/packages/supply workers/reposync/command workers/reposync/full',
  'workers/retrace/sandbox': '',
  'workers/retrace/time': 'workers/retrace',
  'workers/retrace/gdb': 'src/elf workers/retrace/sandbox workers/retrace/time',
  'workers/retrace/resolve':
    'src/config src/database src/elf src/packages/transfer src/packages/format src/packages/release src/packages/index src/packages src/packages/keep src/packages/supply',
  'workers/retrace/report': 'src/elf workers/retrace/sandbox workers/retrace/gdb workers/retrace/resolve',
  'workers/retrace':
    'src/program src/config src/database src/elf src/packages/format src/packages/index src/packages workers/retrace/sandbox workers/retrace/time workers/retrace/gdb workers/retrace/resolve workers/retrace/report',
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function forbidden(source: Source): string[] {
  const from = folderOf(source.path)
  const allowed = (MAY_CALL[from] ?? '').split(' ')
  return source.imports
    .filter((path) => folderOf(path) !== from && !allowed.includes(folderOf(path)))
    .map((path) => `${source.path} imports ${path}`)
}

describe('the arrows of the house', () => {
  it('lets each folder call only the folders of its row', () => {
    expect(all.flatMap(forbidden)).toEqual([])
  })

  it('has a row for every folder, and none for a folder that is gone', () => {
    const folders = new Set(all.map((source) => folderOf(source.path)))
    expect([...folders].sort()).toEqual(Object.keys(MAY_CALL).sort())
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
    const guilty = all.filter((source) => source.path !== 'src/config/config.ts')
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
