/**
 * Debuginfo that gdb cannot read: the module that it is of keeps its names, all others lose nothing, and the outcome names
 * it. Real DWARF of a real compiler, spoilt section by section.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readElfFile } from '../../../src/elf/file.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { compile, crash, run } from '../../helpers/cores.ts'
import { spoil, type Spoiling } from '../../helpers/damage.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, type Retraced, retraceIn } from '../../helpers/retrace.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

/** Each calls the next one, through pointers: main in the program, `first` in a library, `second` in another one. */
const LAST = 'int second(int depth) { int local = depth * 2; return *(volatile int *)8 + local; }'
const MIDDLE = `
int first(int (*next)(int), int depth) { int local = depth + 1; return next(local) + local; }`
const PROGRAM = `
int second(int depth);
int first(int (*next)(int), int depth);
int main(int argc, char **argv) { int local = argc; return first(second, local) + local; }`

type Module = 'program' | 'libfirst.so' | 'libsecond.so'
const FRAMES: [name: string, module: Module][] = [['second', 'libsecond.so'], ['first', 'libfirst.so'], [
  'main',
  'program',
]]

let folder: Folder
let core: string
let roots = 0

beforeAll(async () => {
  folder = await temporaryFolder()
  const library = (name: string, source: string) =>
    compile(folder.path, `${name}.c`, source, ['-O0', '-shared', '-fPIC', `-Wl,-soname,${name}`])
  library('libsecond.so', LAST)
  library('libfirst.so', MIDDLE)
  const links = [folder.file('libfirst.so'), folder.file('libsecond.so'), `-Wl,-rpath,${folder.path}`]
  compile(folder.path, 'program.c', PROGRAM, ['-O0', ...links])
  core = strippedCrash(['program', 'libfirst.so', 'libsecond.so'])
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** Puts the debuginfo of files aside, as NAME.debug, strips them, and runs `program`. */
function strippedCrash(names: string[], program = 'program', args: string[] = []): string {
  for (const name of names) {
    run('objcopy', ['--only-keep-debug', folder.file(name), folder.file(`${name}.debug`)])
    run('strip', [folder.file(name)])
  }
  return crash(folder.path, folder.file(program), args)
}

/** A root of a core with the debuginfo of some files; the paths of that. */
function rootOf(path: string, names: readonly string[]): { root: string; debug: Record<string, string> } {
  const root = folder.file('roots', String(++roots))
  copyModules(path, root)
  const debug = Object.fromEntries(names.map((name) => [name, root + debugPath(folder.file(name))]))
  for (const [name, place] of Object.entries(debug)) {
    mkdirSync(dirname(place), { recursive: true })
    copyFileSync(folder.file(`${name}.debug`), place)
  }
  return { root, debug }
}

function debugPath(file: string): string {
  using source = fileSource(file)
  const { buildId = '' } = readElfFile(source)
  return `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
}

/** Retraces the crash with some sections spoilt. */
async function retraceSpoilt(spoilt: [module: Module, section: string, how: Spoiling][]): Promise<Retraced> {
  const { root, debug } = rootOf(core, FRAMES.map(([, module]) => module))
  for (const [module, section, how] of spoilt) spoil(debug[module] ?? '', section, how)
  return await retraceIn(core, root, { hostDebug: true })
}

function calls({ json }: Retraced) {
  return json.threads[0]?.frames.filter(({ kind }) => kind !== 'inline') ?? []
}

/** Every frame has its name; those of whole modules have lines and arguments too. */
function isWholeBut(spoilt: readonly string[], retraced: Retraced): void {
  const frames = calls(retraced)
  expect(frames.map((frame) => frame.function)).toEqual(FRAMES.map(([name]) => name))
  for (const [level, [name, module]] of FRAMES.entries()) {
    if (spoilt.includes(module)) continue
    const { line, arguments: values = [], locals = [], trust } = frames[level] ?? {}
    expect([name, typeof line, values.length > 0, locals.length, trust]).toEqual([name, 'number', true, 1, 'exact'])
  }
  expect(parseSatyr(retraced.text).threads[0]?.frames.map((frame) => frame.function)).toEqual(
    FRAMES.map(([name]) => name),
  )
}

describe('debuginfo', () => {
  it.each<[string, [Module, string, Spoiling][], RegExp]>([
    [
      'of the crash itself, with abbreviations of zeros',
      [['libsecond.so', '.debug_abbrev', 'zero']],
      /libsecond\.so: debuginfo damaged \(Dwarf Error: could not find abbrev number/,
    ],
    [
      'of a caller, with abbreviations of zeros',
      [['libfirst.so', '.debug_abbrev', 'zero']],
      /libfirst\.so: debuginfo damaged \(Dwarf Error: could not find abbrev/,
    ],
    [
      'of the program, with abbreviations of ones',
      [['program', '.debug_abbrev', 'ones']],
      /program: debuginfo damaged \(Dwarf Error/,
    ],
    [
      'with units of zeros',
      [['libfirst.so', '.debug_info', 'zero']],
      /libfirst\.so: debuginfo damaged \(Dwarf Error: wrong version in compilation unit/,
    ],
    ['with units of ones', [['program', '.debug_info', 'ones']], /program: debuginfo damaged \(Dwarf Error/],
    [
      'without the second half of the abbreviations',
      [['libsecond.so', '.debug_abbrev', 'half']],
      /libsecond\.so: debuginfo damaged/,
    ],
    [
      'with lines of zeros',
      [['libfirst.so', '.debug_line', 'zero']],
      /libfirst\.so: debuginfo damaged \(no line of its code is known\)/,
    ],
    [
      'with names of functions that are no text',
      [['libfirst.so', '.debug_str', 'ones']],
      /libfirst\.so: debuginfo damaged \(Dwarf Error: names are no text\)/,
    ],
    [
      'that was cut off',
      [['libsecond.so', '.debug_line', 'cut']],
      /libsecond\.so: debuginfo damaged \(gdb does not take the file for debuginfo\)/,
    ],
    [
      'with names of files over which gdb ends',
      [['libfirst.so', '.debug_line_str', 'zero']],
      /libfirst\.so: debuginfo damaged|complete/,
    ],
    [
      'of all modules at once, each in another way',
      [['libsecond.so', '.debug_abbrev', 'zero'], ['libfirst.so', '.debug_info', 'zero'], [
        'program',
        '.debug_line',
        'zero',
      ]],
      /libsecond\.so: debuginfo damaged.*libfirst\.so: debuginfo damaged.*program: debuginfo damaged/,
    ],
  ])('%s costs its own lines and values, and the outcome says so', async (_, spoilt, outcome) => {
    const retraced = await retraceSpoilt(spoilt)
    isWholeBut(spoilt.map(([module]) => module), retraced)
    expect(retraced.report.outcome.summary).toMatch(outcome)
    if (!retraced.report.outcome.summary.includes('complete')) {
      expect(retraced.report.outcome).toMatchObject({
        code: 'ok-partial',
        next_step: expect.stringContaining('makers of the package'),
      })
    }
  })

  it.each(['.debug_info', '.debug_abbrev'])(
    'of which a packed section does not unpack is no debuginfo, and not complete: %s',
    async (section) => {
      const { root, debug } = rootOf(core, FRAMES.map(([, module]) => module))
      const path = debug['libfirst.so'] ?? ''
      run('objcopy', ['--compress-debug-sections=zlib', path])
      spoil(path, section, 'half')
      const retraced = await retraceIn(core, root, { hostDebug: true })
      isWholeBut(['libfirst.so'], retraced)
      expect(retraced.report.outcome).toMatchObject({
        code: 'ok-partial',
        summary: expect.stringContaining('libfirst.so: debuginfo damaged'),
      })
    },
  )

  it('of a file that was never stripped costs that file its lines and values, not its names', async () => {
    const program = compile(folder.path, 'own.c', `${LAST}\nint main(int argc, char **argv) { return second(argc); }`, [
      '-O0',
    ])
    const path = crash(folder.path, program)
    const { root } = rootOf(path, [])
    spoil(root + program, '.debug_abbrev', 'zero')
    const retraced = await retraceIn(path, root, { hostDebug: true })
    expect(calls(retraced).map((frame) => [frame.function, frame.trust])).toEqual([['second', 'no-symbols'], [
      'main',
      'no-symbols',
    ]])
    expect(retraced.report.outcome.summary).toContain('own: debuginfo damaged')
    const libc = retraced.debugged.conversation?.libraries
    expect(libc).toMatch(/Yes +.*libc\.so\.6/)
  })

  it('of one module after the other is left out, though each gdb sees what is left under other names', async () => {
    const source = `${LAST.replace('second', 'last')}
int first(int (*next)(int), int depth);
int main(int argc, char **argv) { int local = argc; return first(last, local) + local; }`
    const links = [folder.file('libfirst.so'), `-Wl,-rpath,${folder.path}`]
    compile(folder.path, 'back.c', source, ['-O0', ...links])
    const path = strippedCrash(['back'], 'back')
    const { root, debug } = rootOf(path, ['back', 'libfirst.so'])
    for (const name of ['back', 'libfirst.so']) spoil(debug[name] ?? '', '.debug_abbrev', 'zero')
    const retraced = await retraceIn(path, root, { hostDebug: true })
    expect(calls(retraced).map((frame) => frame.function).slice(0, 3)).toEqual(['last', 'first', 'main'])
    expect(retraced.report.outcome.summary).toMatch(/back: debuginfo damaged.*libfirst\.so: debuginfo damaged/)
  })

  it('of more modules than are left out one by one is left out at once', async () => {
    const count = 11
    const names = Array.from({ length: count }, (_, index) => `liblink${index}.so`)
    for (const [index, name] of names.entries()) {
      const next = index === 0
        ? LAST.replace('second', 'link0')
        : `int link${index - 1}(int);\nint link${index}(int depth) { return link${index - 1}(depth) + 1; }`
      const links = index === 0 ? [] : [folder.file(`liblink${index - 1}.so`), `-Wl,-rpath,${folder.path}`]
      compile(folder.path, `${name}.c`, next, ['-O0', '-shared', '-fPIC', `-Wl,-soname,${name}`, ...links])
    }
    const last = names.at(-1) ?? ''
    compile(
      folder.path,
      'long.c',
      `int link${count - 1}(int);\nint main(int argc, char **argv) { return link${count - 1}(argc); }`,
      ['-O0', folder.file(last), `-Wl,-rpath,${folder.path}`],
    )
    const path = strippedCrash([...names, 'long'], 'long')
    const { root, debug } = rootOf(path, [...names, 'long'])
    for (const name of names) spoil(debug[name] ?? '', '.debug_abbrev', 'zero')
    const retraced = await retraceIn(path, root, { hostDebug: true })
    expect(calls(retraced).map((frame) => frame.function)).toEqual([...names.map((_, index) => `link${index}`), 'main'])
    expect(retraced.report.outcome.summary).toContain('liblink0.so: debuginfo damaged (Dwarf Error')
    const whys = Object.fromEntries((retraced.debugged.conversation?.damage ?? []).map(
      ({ module, why }) => [module.path.slice(module.path.lastIndexOf('/') + 1), why],
    ))
    expect(whys['liblink8.so']).toMatch(/^Dwarf Error/)
    // Nobody has said anything of that of the C library.
    expect(Object.entries(whys).filter(([name, why]) => why === undefined && /^(long|libc\.)/.test(name))).toHaveLength(
      2,
    )
  })
})

describe('split debuginfo', () => {
  /** Compiles with its debuginfo in a file beside it, which nobody has. */
  async function retraceSplit(name: string, options: string[]): Promise<Retraced> {
    compile(folder.path, `${name}.c`, `${LAST}\nint main(int argc, char **argv) { return second(argc); }`, [
      '-O0',
      '-gsplit-dwarf',
      ...options,
    ])
    for (const ending of ['.dwo', `-${name}.dwo`]) rmSync(folder.file(`${name}${ending}`), { force: true })
    const path = strippedCrash([name], name)
    const { root } = rootOf(path, [name])
    return await retraceIn(path, root, { hostDebug: true })
  }

  it('of DWARF 4 without its files has lines, and the outcome names the file that holds arguments and locals', async () => {
    const retraced = await retraceSplit('four', ['-gdwarf-4'])
    expect(calls(retraced).map((frame) => [frame.function, typeof frame.line])).toEqual([['second', 'number'], [
      'main',
      'number',
    ]])
    expect(retraced.text).toMatch(/second \(\.\.\.\) at .*\nNo symbol table info available\.\n/)
    expect(retraced.text).not.toContain('No locals.')
    expect(retraced.report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringMatching(
        /four: its debuginfo leans on \S*four\.dwo, which no package has, so arguments and locals are lost/,
      ),
    })
  })

  it('of DWARF 5 without its files, which gdb cannot read at all, leaves the names', async () => {
    const retraced = await retraceSplit('five', ['-gdwarf-5'])
    expect(calls(retraced).map((frame) => frame.function)).toEqual(['second', 'main'])
    expect(retraced.report.outcome.summary).toMatch(
      /five: debuginfo damaged .*leans on \S*five\.dwo, which no package has/,
    )
    expect(retraced.debugged.engine).toBe('gdb-multiarch')
  })
})

describe('a dwz file', () => {
  it.each<[string, string, Spoiling]>([
    ['that is cut off', '.debug_str', 'cut'],
    ['that lacks what is referred to', '.debug_info', 'zero'],
  ])('%s costs the module lines and values, not its names', async (_, section, how) => {
    const [first, second, common] = ['one', 'two', 'common.dwz'].map((name) => `${how}-${name}`) as [
      string,
      string,
      string,
    ]
    compileFixture(folder.path, 'walk.c', first, ['-O1', '-fno-inline'])
    compileFixture(folder.path, 'walk.c', second, ['-O2', '-DSECOND'])
    run('dwz', ['-m', folder.file(common), folder.file(first), folder.file(second)])
    const path = strippedCrash([first], first, ['null'])
    const { root } = rootOf(path, [first])
    const place = root + debugPath(folder.file(common))
    mkdirSync(dirname(place), { recursive: true })
    copyFileSync(folder.file(common), place)
    const whole = await retraceIn(path, root, { hostDebug: true })
    expect(whole.report.outcome.code).toBe('ok')
    spoil(place, section, how)
    const retraced = await retraceIn(path, root, { hostDebug: true })
    expect(calls(retraced).map((frame) => frame.function)).toEqual(calls(whole).map((frame) => frame.function))
    expect(retraced.report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringMatching(/-one: (debuginfo damaged|no debuginfo|the dwz file)/),
    })
  })
})
