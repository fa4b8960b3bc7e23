/**
 * CPython of Debian 11, 12, 13 and unstable, really crashed: the stacks of all threads against what faulthandler wrote in the
 * process. It is a script of its own since it fetches and unpacks the debuginfo of each.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../helpers/foreign_root.ts'
import { faulthandlerStacks, pythonStacks } from '../helpers/python_stacks.ts'
import { retraceIn } from '../helpers/retrace.ts'

const COMMON = ['libc6', 'libexpat1', 'zlib1g', 'libc6-dbg']

interface Row {
  version: string
  suite: string
  layout: string
  more: string[]
}

const ROWS: Row[] = [
  { version: '3.9', suite: 'bullseye', layout: 'debuginfo', more: ['libffi7', 'libcrypt1', 'libssl1.1'] },
  { version: '3.11', suite: 'bookworm', layout: 'debuginfo', more: ['libffi8', 'libcrypt1'] },
  { version: '3.13', suite: 'trixie', layout: 'debug-offsets', more: ['libffi8'] },
  { version: '3.14', suite: 'sid', layout: 'debug-offsets', more: ['libffi8'] },
]

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

describe.each(ROWS)('CPython $version of $suite', ({ version, suite, layout, more }) => {
  let root: string

  beforeAll(async () => {
    root = folder.file(suite)
    const python = `python${version}`
    const own = [python, `${python}-minimal`, `lib${python}-minimal`, `lib${python}-stdlib`, `${python}-dbg`]
    await makeForeignRoot(folder.path, root, { suite, names: [...own, ...COMMON, ...more] })
  })

  it.each(['raise', 'ctypes'])('has the stacks that the process itself wrote, after %s', async (word) => {
    const place = folder.file(`${suite}-${word}`)
    mkdirSync(place)
    cpSync(join(installationRoot(), 'test/fixtures/crashes/stacks.py'), join(place, 'stacks.py'))
    const core = crashInRoot(root, place, [`/usr/bin/python${version}`, '-I', '/place/stacks.py', word])
    const said = faulthandlerStacks(readFileSync(join(place, 'said'), 'utf8'))
    const { json } = await retraceIn(core, root)
    const [crashed, ...others] = pythonStacks(json)
    expect(said.length).toBe(3)
    expect(crashed).toEqual(said[0])
    expect(others.toSorted()).toEqual(said.slice(1).toSorted())
    expect(json.languages[0]).toMatchObject({ layout, missing: null, script: '/place/stacks.py' })
    expect(json.languages[0]?.version?.startsWith(version)).toBe(true)
    const values = json.languages[0]?.stacks[0]?.frames.flatMap((frame) => frame.arguments.map(({ value }) => value))
    expect(values).toEqual(
      expect.arrayContaining(["('a', b'b\\xff')", '<dict of 1>', '1180591620717411303424', '1e+100']),
    )
    expect(values?.filter((value) => value.startsWith('"žluť')).length).toBe(2)
  })

  it('says why there are no stacks, or has them all the same, without debuginfo', async () => {
    renameSync(join(root, 'usr/lib/debug'), join(root, 'usr/lib/debug.away'))
    try {
      const { json } = await retraceIn(join(folder.file(`${suite}-raise`), 'core'), root)
      const { stacks, missing } = json.languages[0] ?? {}
      expect(layout === 'debuginfo' ? missing : stacks?.length).toBe(
        layout === 'debuginfo' ? 'the interpreter has no debuginfo' : 3,
      )
    } finally {
      renameSync(join(root, 'usr/lib/debug.away'), join(root, 'usr/lib/debug'))
    }
  })

  it('has the line numbers of its own code objects', () => {
    const place = folder.file(`${suite}-lines`)
    mkdirSync(place)
    cpSync(join(installationRoot(), 'test/helpers/lines_of_code.py'), join(place, 'lines_of_code.py'))
    cpSync(
      join(installationRoot(), 'workers/retrace/root/scripts/cpython_lines.py'),
      join(place, 'cpython_lines.py'),
    )
    const words = ['--bind', root, '/', '--bind', place, '/place', '--proc', '/proc', '--dev', '/dev']
    const command = [`/usr/bin/python${version}`, '/place/lines_of_code.py', '/place']
    const run = spawnSync('bwrap', [...words, ...command], { encoding: 'utf8', timeout: 240_000 })
    const { codes, wrong } = JSON.parse(run.stdout) as { codes: number; wrong: unknown[] }
    expect(wrong).toEqual([])
    expect(codes).toBeGreaterThan(500)
  })
})
