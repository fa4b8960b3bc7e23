import { describe, expect, it } from 'vitest'
import { type Source, sources } from '../../helpers/sources.ts'

const all = sources('src', 'workers', 'schema')

/**
 * Which folders a folder may call (docs/architecture.md), from the ground up; a folder may always call itself.
 */
const MAY_CALL: Record<string, string> = {
  'schema': '',
  'src/units': '',
  'src/errors': '',
  'src/text': '',
  'src/config': 'src/errors src/units',
  'src/program': '',
  'src/database': 'src/errors src/files src/program',
  'src/elf': 'src/text src/units',
  'src/slim': 'src/elf src/units',
  'src/browser': 'src/elf src/slim src/text',
  'src/backtrace': 'src/files src/stream src/units',
  'src/statistics': 'schema src/database src/packages/index src/runner src/units',
  'src/pages': 'src/text src/backtrace src/statistics',
  'src/client': 'src/text src/errors src/config src/program src/process src/elf src/slim src/units',
  'src/process': 'src/text src/errors src/units',
  'src/packages/format': 'src/text src/elf src/process src/units',
  'src/stream': 'src/files src/units',
  'src/decoder': 'src/process src/stream src/units',
  'src/packages/open': 'src/text src/packages/format src/process src/units src/decoder',
  'src/packages/release': 'src/elf',
  'src/packages/verify': 'src/packages/format src/process src/units src/errors',
  'src/packages/deb':
    'src/text src/errors src/packages/format src/process src/elf src/packages/open src/packages/release src/packages/transfer src/packages/verify src/units',
  'src/files': 'src/errors src/units',
  'src/telemetry': 'src/text src/config',
  'src/packages/transfer': 'src/text src/config src/packages/format src/files src/telemetry src/units src/errors',
  'src/packages/rpm':
    'src/text src/errors src/packages/format src/process src/elf src/packages/open src/packages/release src/packages/transfer src/packages/verify src/units',
  'src/packages/naming': 'src/packages/format src/packages/deb src/packages/rpm',
  'src/packages/index': 'schema src/database src/packages/format src/process src/packages/naming src/units',
  'src/task': 'src/errors src/files src/units',
  'src/spool': 'schema src/errors src/config src/database src/files src/task src/telemetry src/process src/units',
  'src/tls': 'src/errors src/config src/units',
  'src/health':
    'src/text src/errors src/config src/database src/files src/packages src/packages/index src/packages/naming src/spool src/tls src/process src/units',
  'src/packages':
    'src/text src/errors src/files src/database src/packages/format src/packages/index src/elf src/packages/release src/packages/deb src/packages/rpm src/packages/naming',
  'src/runner':
    'src/text schema src/errors src/config src/database src/files src/task src/telemetry src/elf src/packages/release src/packages/naming src/packages/index src/stream src/process src/units',
  'src/http':
    'src/text src/errors src/config src/database src/files src/telemetry src/spool src/health src/runner src/stream src/units src/process src/upload src/task',
  'src/upload':
    'src/elf src/text src/errors src/config src/task src/spool src/stream src/packages/format src/packages/naming src/process src/decoder src/units',
  'src/unpacking': 'src/config src/errors src/process src/spool src/stream src/units src/upload',
  'src/routes':
    'src/text src/health src/errors src/program src/task src/telemetry src/spool src/elf src/packages/release src/packages src/runner src/http src/upload src/stream src/units src/files src/backtrace src/pages src/statistics',
  'src/server':
    'src/text src/errors src/config src/packages/index src/telemetry src/tls src/http src/process src/units',
  'src/init': 'src/errors src/config src/files src/packages src/packages/format src/packages/release src/process',
  'src':
    'src/init src/text src/errors src/config src/program src/database src/telemetry src/spool src/tls src/health src/runner src/http src/routes src/server src/process src/unpacking src/upload',
  'src/packages/keep':
    'src/text schema src/config src/database src/packages/format src/process src/packages/index src/files src/telemetry src/elf src/packages/naming src/units src/errors',
  'src/packages/supply':
    'schema src/errors src/config src/database src/packages/format src/packages/index src/files src/telemetry src/packages/transfer src/packages src/packages/keep src/units',
  'workers/clean':
    'src/text src/errors src/config src/program src/task src/database src/telemetry src/spool src/runner src/packages/keep src/units',
  'workers/reposync/command': 'src/errors',
  'workers/reposync/full':
    'src/text src/program src/database src/packages/format src/packages/index src/telemetry src/packages src/packages/keep workers/reposync/command src/packages/naming src/units src/packages/transfer src/packages/supply',
  'workers/reposync':
    'src/text src/errors src/config src/program src/database src/packages/format src/packages/index src/files src/telemetry src/packages/release src/packages/transfer src/packages src/packages/keep src/packages/supply workers/reposync/command workers/reposync/full src/units',
  'workers/retrace/sandbox': 'src/text src/process src/units',
  'workers/retrace/time': 'src/task',
  'workers/retrace/gdb': 'src/text src/elf workers/retrace/sandbox workers/retrace/time src/process src/units',
  'workers/retrace/indexing':
    'src/text src/errors src/config src/database src/files src/packages/format src/packages/index src/packages/keep src/process src/units workers/retrace/gdb workers/retrace/sandbox',
  'workers/retrace/resolve':
    'src/task src/config src/database src/packages/format src/packages/index src/elf src/packages/release src/packages/keep src/packages/supply src/packages/naming src/units',
  'workers/retrace/report':
    'src/text src/task src/elf src/packages/format workers/retrace/sandbox workers/retrace/gdb workers/retrace/resolve',
  'workers/retrace/satyr': '',
  'workers/retrace/exploitable': 'src/elf',
  'workers/retrace/crash':
    'src/elf workers/retrace/gdb workers/retrace/resolve workers/retrace/report workers/retrace/exploitable workers/retrace/satyr',
  'workers/retrace/outcome':
    'src/errors src/process src/task src/elf workers/retrace/gdb workers/retrace/resolve workers/retrace/report',
  'workers/retrace/words':
    'src/text src/task src/elf src/packages/format src/units workers/retrace/gdb workers/retrace/resolve workers/retrace/report workers/retrace/outcome workers/retrace/crash workers/retrace/exploitable',
  'workers/retrace':
    'src/text src/errors src/config src/program src/task src/database src/files src/packages/format src/packages/index src/packages/keep src/elf src/slim workers/retrace/sandbox workers/retrace/time workers/retrace/gdb workers/retrace/indexing workers/retrace/resolve workers/retrace/report workers/retrace/outcome workers/retrace/crash workers/retrace/exploitable workers/retrace/words src/packages/naming src/process src/units',
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

/** Each circle that a walk along the arrows finds, as the names on it. */
function circlesIn(arrows: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (name: string, trail: string[]): void => {
    if (trail.includes(name)) circles.push([...trail.slice(trail.indexOf(name)), name].join(' -> '))
    if (trail.includes(name) || done.has(name)) return
    for (const next of arrows.get(name) ?? []) visit(next, [...trail, name])
    done.add(name)
  }
  for (const name of arrows.keys()) visit(name, [])
  return circles
}

describe('the arrows of the house', () => {
  it('lets each folder call only the folders of its row', () => {
    expect(all.flatMap(forbidden)).toEqual([])
  })

  it('the table of arrows has a row for every folder, and none for a folder that is gone', () => {
    const folders = new Set(all.map((source) => folderOf(source.path)))
    expect([...folders].sort()).toEqual(Object.keys(MAY_CALL).sort())
  })

  it('the table of arrows has none that nobody uses', () => {
    const unused = Object.entries(MAY_CALL).flatMap(([row, allowed]) => {
      const called = new Set(
        all.filter(({ path }) => folderOf(path) === row).flatMap(({ imports }) => imports.map(folderOf)),
      )
      return allowed.split(' ').filter((folder) => folder !== '' && !called.has(folder)).map((one) =>
        `${row} -> ${one}`
      )
    })
    expect(unused).toEqual([])
  })

  it('no circle leads through folders, type imports counted', () => {
    const calls = new Map<string, Set<string>>()
    for (const { path, imports } of all) {
      const from = folderOf(path)
      const known = calls.get(from) ?? new Set()
      calls.set(from, known)
      for (const other of imports.map(folderOf)) if (other !== from) known.add(other)
    }
    expect(circlesIn(calls)).toEqual([])
  })

  it('keeps workers out of src', () => {
    const guilty = all.filter((source) => source.path.startsWith('src/'))
      .filter((source) => source.imports.some((path) => path.startsWith('workers/')))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('keeps Hono out of the domain folders', () => {
    const guilty = all.filter((source) =>
      /^(schema|src\/(elf|packages|task|spool|upload|runner|backtrace|statistics)|workers)\b/.test(source.path)
    )
      .filter((source) => source.packages.some((name) => /^(hono|@hono)\b/.test(name)))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('no circle leads through files', () => {
    expect(circlesIn(new Map(all.map((source) => [source.path, source.imports])))).toEqual([])
  })
})

describe('the habits of the house', () => {
  it('asks an error for its code in src/errors/errno.ts only', () => {
    const guilty = all.filter(({ path }) => path !== 'src/errors/errno.ts')
      .filter(({ text }) => /'code' in |as \{ code\?: |\.code === '(E[A-Z]|SQLITE_)/.test(text))
    expect(guilty.map(({ path }) => path)).toEqual([])
  })

  it('reads the environment in src/config only', () => {
    const guilty = all.filter((source) => !source.path.startsWith('src/config/'))
      .filter((source) => /\bprocess\.env\b|import \{[^}]*\benv\b[^}]*\} from 'node:process'/.test(source.text))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('opens every module with a comment that says what it owns', () => {
    const guilty = all.filter((source) => !source.text.startsWith('/**'))
    expect(guilty.map((source) => source.path)).toEqual([])
  })

  it('no file has over 350 lines', () => {
    const long = [...all, ...sources('test')].filter((source) => source.text.split('\n').length > 351)
    expect(long.map((source) => source.path)).toEqual([])
  })
})
