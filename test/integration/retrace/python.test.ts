/**
 * The stacks of a real CPython that crashed: 3.13 of Debian's next release, whose debuginfo is not here, against what
 * faulthandler wrote in the process itself. The other versions: npm run test:languages.
 */
import { Buffer } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../../helpers/foreign_root.ts'
import { violations } from '../../helpers/json_schema.ts'
import { faulthandlerStacks, pythonStacks } from '../../helpers/python_stacks.ts'
import { PythonCore } from '../../helpers/python_core.ts'
import { type Retraced, retraceIn } from '../../helpers/retrace.ts'

const NAMES = ['python3.13-minimal', 'libpython3.13-minimal', 'libc6', 'zlib1g', 'libexpat1']

let folder: Folder
let root: string
let core: string
let said: string[][]
let whole: Retraced

beforeAll(async () => {
  folder = await temporaryFolder()
  root = folder.file('root')
  await makeForeignRoot(folder.path, root, { suite: 'trixie', names: NAMES })
  mkdirSync(folder.file('place'))
  cpSync(join(installationRoot(), 'test/fixtures/crashes/stacks.py'), folder.file('place/stacks.py'))
  core = crashInRoot(root, folder.file('place'), ['/usr/bin/python3.13', '-I', '/place/stacks.py', 'crash'])
  said = faulthandlerStacks(readFileSync(folder.file('place/said'), 'utf8'))
  whole = await retraceIn(core, root)
}, 180_000)

afterAll(async () => await folder[Symbol.asyncDispose]())

describe('the stacks of CPython', () => {
  it('are those that the process itself wrote, of all threads and without debuginfo', () => {
    expect(said.length).toBe(3)
    expect(said[0]?.length).toBe(10)
    const [crashed, ...others] = pythonStacks(whole.json)
    expect(crashed).toEqual(said[0])
    expect(others.toSorted()).toEqual(said.slice(1).toSorted())
    const [python] = whole.json.languages
    expect(python).toMatchObject({
      language: 'python',
      implementation: 'CPython',
      path: '/usr/bin/python3.13',
      script: '/place/stacks.py',
      layout: 'debug-offsets',
      missing: null,
    })
    expect(python?.version).toMatch(/^3\.13\.\d+$/)
    expect(python?.stacks.map(({ thread, crashed }) => [thread, crashed])).toEqual([[1, true], [2, false], [3, false]])
  })

  it('have arguments in short, and say what is a generator', () => {
    const frames = whole.json.languages[0]?.stacks[0]?.frames ?? []
    const shown = Object.fromEntries(frames.map((frame) => [frame.function, frame]))
    const values = (name: string) => shown[name]?.arguments.map((each) => `${each.name}=${each.value}`)
    expect(values('hand_over')).toEqual([
      `text="žluťoučký 🐎 'x'\\n${'y'.repeat(44)}"...`,
      'items=[7, None, True, ... 4 in all]',
      "pair=('a', b'b\\xff')",
      'table=<dict of 1>',
      'big=1180591620717411303424',
      'negative=-5',
      expect.stringMatching(/^function=<function at 0x[0-9a-f]+>$/),
    ])
    expect(values('Shop.sell')?.slice(2)).toEqual([
      'count=7',
      'price=1e+100',
      "*rest=('rest',)",
      '**more=<dict of 1>',
    ])
    expect(values('Shop.sell')?.[1]).toMatch(/^item="žluť/)
    expect(shown.numbers?.kind).toBe('generator')
  })

  it("stand behind the C stacks, where libsatyr's parser passes over them, and follow the schema", () => {
    const { text, json } = whole
    const start = text.indexOf('\n\nPython: CPython 3.13')
    expect(start).toBeGreaterThan(text.lastIndexOf('\n#'))
    const end = text.indexOf('\n\n', start + 2)
    const without = text.slice(0, start) + text.slice(end)
    expect(parseSatyr(text)).toEqual(parseSatyr(without))
    expect(text).toContain(
      '\n  File "/place/stacks.py", line 24, in numbers (items=[7, None, True, ... 4 in all]) [generator]\n',
    )
    expect(text).toMatch(/^Of thread 1: .*frames? [\d-]+ interpreter/m)
    const roles = new Map(json.threads[0]?.frames.map((frame) => [frame.function, frame.role]))
    expect(roles.get('_PyEval_EvalFrameDefault')).toBe('interpreter')
    expect(roles.get('Py_BytesMain')).toBe('runtime')
    const schema = JSON.parse(readFileSync(join(installationRoot(), 'schema/backtrace.schema.json'), 'utf8'))
    expect(violations(schema, json)).toEqual([])
    expect(violations(schema, { ...json, languages: [{ language: 'cobol' }] })).not.toEqual([])
    expect(whole.report.files.find(([name]) => name === 'backtrace.md')?.[1]).toContain('in Shop.sell (self=')
  })

  it('are found by their cookie where the program is not here', async () => {
    const { json } = await retraceIn(core, root, { without: (path) => path.includes('python') })
    expect(json.languages[0]?.layout).toBe('debug-offsets')
    expect(pythonStacks(json)[0]).toEqual(said[0])
  })
})

describe('the memory of a hostile CPython', () => {
  /** Changes the bytes of the core, and has it read. */
  async function changed(name: string, change: (core: PythonCore) => void) {
    const bytes = Buffer.from(readFileSync(core))
    change(new PythonCore(bytes))
    const file = folder.file(`${name}.core`)
    writeFileSync(file, bytes)
    const { json, debugged, text } = await retraceIn(file, root)
    expect(debugged.rejected).toEqual([])
    expect(debugged.end).toBeUndefined()
    expect(parseSatyr(text).threads.length).toBe(3)
    return json.languages[0]
  }
  type Change = [name: string, change: (core: PythonCore) => void, shows: (stacks: string) => void]
  const CHANGES: Change[] = [
    ['a cycle of frames', (core) => core.set(core.frame(2) + core.offset('frame.previous'), core.frame(0)), (text) => {
      expect(text).toContain('comes back to')
    }],
    [
      'a frame that is nowhere',
      (core) => core.set(core.frame(2) + core.offset('frame.previous'), 0xdeadbeef000n),
      (text) => {
        expect(text).toContain('cannot read memory at 0xdeadbeef')
      },
    ],
    ['a frame of other code', (core) => core.set(core.frame(1) + core.offset('frame.code'), core.frame(0)), (text) => {
      expect(text).toContain('"stopped":"')
    }],
    ['a string without an end', (core) => core.set(core.name(0) + core.offset('unicode.length'), 1n << 62n), (text) => {
      expect(text.length).toBeLessThan(100_000)
    }],
    ['a string of less than nothing', (core) => core.set(core.name(0) + core.offset('unicode.length'), -1n), (text) => {
      expect(text).toContain('is no string')
    }],
    ['threads in a cycle', (core) => core.set(core.thread(2) + core.offset('thread.next'), core.thread(0)), (text) => {
      expect(text).toContain('comes back to')
    }],
    ['offsets that lead nowhere', (core) => core.setOffset('thread.frame', 1n << 40n), (text) => {
      expect(text).toContain('holds no offsets')
    }],
    ['a version of the future', (core) => core.setVersion(0x03630000n), (text) => {
      expect(text).toContain('3.99.0')
    }],
  ]

  it.each(CHANGES)('ends, and costs nothing else, at %s', async (name, change, shows) => {
    const language = await changed(name, change)
    shows(JSON.stringify({ missing: language?.missing, stacks: language?.stacks }))
  })

  it('ends whatever the memory of the interpreter holds', async () => {
    for (let round = 1; round <= 4; round++) {
      const language = await changed(`random${round}`, (core) => core.scramble(round))
      expect(JSON.stringify(language).length).toBeLessThan(5_000_000)
    }
  })
})

describe('line numbers', () => {
  it("are those that CPython's own code objects tell, of its whole library", () => {
    const scripts = join(installationRoot(), 'workers/retrace/root/scripts')
    const { stdout, stderr } = spawnSync('/usr/bin/python3.11', [
      join(installationRoot(), 'test/helpers/lines_of_code.py'),
      scripts,
    ], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(stderr).toBe('')
    const { codes, wrong } = JSON.parse(stdout) as { codes: number; wrong: unknown[] }
    expect(wrong).toEqual([])
    expect(codes).toBeGreaterThan(500)
  })
})
