/**
 * Real crashes, made on the spot, and plain gdb on the complete files beside them: every frame, argument and local of
 * every thread has to be equal.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readElfFile } from '../../../src/elf/file.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { crashPython, kernelWritesCoresHere, run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compareWithGdb, compileFixture, plainGdb, threadsOf } from '../../helpers/oracle.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

/** What is compiled from which file and how, its arguments, and what the crashed thread has to show. */
const CASES: [name: string, file: string, options: string[], args: string[], shows: RegExp][] = [
  ['a NULL dereference', 'walk.c', ['-O0'], ['null'], /^ +here = \{level = 3, name = 0x\w+ "innére", outer = 0x/],
  ['a division by zero', 'walk.c', ['-O2', '-fno-inline'], ['divide'], /^#\d .*walk \(level=level@entry=/],
  ['abort()', 'walk.c', ['-O1'], ['abort'], /^#\d .*abort \(\)/],
  ['a failed assertion', 'walk.c', ['-O0'], ['assert'], /^#\d .*__assert_fail \(|__GI___assert_fail/],
  ['a double free', 'walk.c', ['-O0'], ['free'], /malloc_printerr/],
  ['a heap that was overrun', 'walk.c', ['-O0'], ['overrun'], /malloc_printerr/],
  ['-O2 with inlined frames', 'inlined.c', ['-O2'], [], /^#1 +middle \(.*\) at/],
  ['a static program', 'walk.c', ['-static', '-O1'], ['null'], /walk \(level=/],
  ['a static PIE', 'walk.c', ['-static-pie', '-O1'], ['null'], /walk \(level=/],
  ['a program without a build-id', 'walk.c', ['-O1', '-Wl,--build-id=none'], ['null'], /walk \(level=/],
  ['a program at a fixed address', 'walk.c', ['-no-pie', '-Wl,-Ttext-segment=0x30000000'], ['null'], /walk \(level=/],
  ['threads that wait', 'threads.c', ['-O1', '-pthread'], ['6'], /crasher \(text=0x\w+\)/],
  ['a signal handler on its own stack', 'handler.c', ['-O1'], [], /^#\d +<signal handler called>/],
  ['a stack that overflowed', 'overflow.c', ['-O0'], [], /^#2047 .* in deeper \(level=\d+, above=0x/],
  ['a C++ exception that nobody caught', 'exception.cc', ['-O1', '-fno-inline'], [], /std::terminate\(\)/],
  ['a pure virtual call', 'pure_virtual.cc', ['-O1', '-fno-inline'], [], /__cxa_pure_virtual/],
  ['containers as arguments and locals', 'containers.cc', ['-O0'], [], /shop::total/],
]

let programs = 0

describe('a crash', () => {
  it.each(CASES)('shows every frame of plain gdb for a crash of %s', async (_, file, options, args, shows) => {
    const program = compileFixture(folder.path, file, `program${++programs}`, options)
    const { ours, theirs, retraced } = await compareWithGdb(folder.path, program, args)
    const crashed = ours[String(retraced.core.threads[0]?.lwp)]
    expect(crashed?.some((line) => shows.test(line)), crashed?.join('\n')).toBe(true)
    expect(ours).toEqual(theirs)
    const trust = options.includes('-Wl,--build-id=none') ? 'by-path' : 'exact'
    const frames = retraced.json.threads.flatMap((thread) => thread.frames)
    expect(frames.find((frame) => /walk|work|total|deeper|fault/.test(frame.function ?? ''))?.trust ?? trust).toBe(
      trust,
    )
  })
})

describe('a library', () => {
  const library = (name: string, options: string[] = []) =>
    compileFixture(folder.path, 'plugin.c', name, ['-shared', '-fPIC', ...options])
  const host = () => compileFixture(folder.path, 'host.c', 'host', ['-O1'])

  it('shows all frames of a library that was loaded while the program ran', async () => {
    const { ours, theirs } = await compareWithGdb(folder.path, host(), [library('loaded.so')])
    expect(ours).toEqual(theirs)
    expect(JSON.stringify(ours)).toContain('handle (request=')
  })

  it('shows the exported names of a stripped library without debuginfo, and the outcome says so', async () => {
    const { ours, theirs, retraced } = await compareWithGdb(folder.path, host(), [library('bare.so', ['-s'])])
    expect(ours).toEqual(theirs)
    expect(retraced.json.threads[0]?.frames.map((frame) => frame.function)).toContain('main')
    expect(retraced.report.outcome.summary).toContain('bare.so: no debuginfo')
  })

  it('linked at an address of its own (as prelink did) has all frames', async () => {
    const prelinked = library('prelinked.so', ['-Wl,-Ttext-segment=0x41000000'])
    const { ours, theirs, core, root } = await compareWithGdb(folder.path, host(), [prelinked])
    expect(ours).toEqual(theirs)
    const { json } = await retraceIn(core, root, { without: (path) => path.endsWith('/host') })
    expect(json.threads[0]?.frames.map((frame) => frame.function).slice(0, 2)).toEqual(['handle', 'plugin_run'])
  })

  it.runIf(kernelWritesCoresHere())(
    'takes the library that the core names when it was replaced while the program ran',
    async () => {
      const program = host()
      const old = library('replaced.so')
      const complete = folder.file('complete.so')
      copyFileSync(old, complete)
      const other = library('other.so', ['-O0', '-DREPLACED', '-Wl,-Ttext-segment=0x100000'])
      const putBack = () => renameSync(complete, old)
      const { ours, theirs, retraced } = await compareWithGdb(folder.path, program, [old, other], {
        files: (root) => {
          putBack()
          mkdirSync(dirname(root + old), { recursive: true })
          copyFileSync(old, root + old)
        },
      })
      const module = retraced.core.modules.find(({ path }) => path === old)
      expect(module).toMatchObject({ deleted: true, buildId: buildIdOf(old) })
      expect(JSON.stringify(ours)).toContain('handle (request=')
      expect(ours).toEqual(theirs)
    },
  )
})

describe('debuginfo', () => {
  it('debuginfo in a file of its own gives what the unstripped program gives', async () => {
    const program = compileFixture(folder.path, 'walk.c', 'split', ['-O1'])
    const complete = folder.file('split.complete')
    copyFileSync(program, complete)
    run('strip', [program])
    const { ours, theirs, core, root, retraced } = await compareWithGdb(folder.path, program, ['null'], {
      complete,
      files: (root) => putDebug(root, complete),
    })
    expect(ours).toEqual(theirs)
    expect(retraced.json.threads[0]?.frames[0]?.trust).toBe('exact')
    rmSync(join(root, 'usr/lib/debug'), { recursive: true })
    const without = await retraceIn(core, root, { hostDebug: true })
    expect(without.report.outcome.summary).toContain('split: no debuginfo')
  })

  it('debuginfo that leans on a dwz file needs it, and the outcome says what is missing without it', async () => {
    const program = compileFixture(folder.path, 'walk.c', 'dwarf', ['-O1'])
    const second = compileFixture(folder.path, 'walk.c', 'dwarf2', ['-O2', '-DSECOND'])
    const complete = folder.file('dwarf.complete')
    copyFileSync(program, complete)
    const common = folder.file('common.dwz')
    run('dwz', ['-m', common, program, second])
    const files = (root: string) => {
      const place = debugPath(root, buildIdOf(common))
      mkdirSync(dirname(place), { recursive: true })
      copyFileSync(common, place)
    }
    const { ours, theirs, core, root } = await compareWithGdb(folder.path, program, ['null'], { complete, files })
    expect(ours).toEqual(theirs)
    rmSync(join(root, 'usr/lib/debug'), { recursive: true })
    const { report, text } = await retraceIn(core, root, { hostDebug: true })
    expect(text).not.toContain('at=0x')
    expect(report.outcome).toMatchObject({ code: 'ok-partial' })
    expect(report.outcome.summary).toContain('dwarf: the dwz file of its debuginfo is missing')
  })
})

describe('another language', () => {
  it('CPython: a crash below ctypes', async () => {
    const core = crashPython(folder.path)
    const root = folder.file('python')
    copyModules(core, root)
    const { text } = await retraceIn(core, root, { hostDebug: true })
    expect(threadsOf(text)).toEqual(threadsOf(plainGdb('/usr/bin/python3.11', core)))
  })

  const hasRust = spawnSync('rustc', ['--version']).status === 0
  it.skipIf(!hasRust)('Rust: a panic (skipped where rustc is not installed)', async () => {
    const source = join(installationRoot(), 'test/fixtures/crashes/panic.rs')
    const program = folder.file('panic')
    run('rustc', ['-g', '-C', 'panic=abort', '-o', program, source])
    const { ours, theirs } = await compareWithGdb(folder.path, program, [])
    expect(ours).toEqual(theirs)
  })
})

function buildIdOf(path: string): string {
  using source = fileSource(path)
  return readElfFile(source).buildId ?? ''
}

function debugPath(root: string, buildId: string): string {
  return `${root}/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
}

/** The debuginfo of an unstripped file, where packages have it. */
function putDebug(root: string, unstripped: string): void {
  const place = debugPath(root, buildIdOf(unstripped))
  mkdirSync(dirname(place), { recursive: true })
  run('objcopy', ['--only-keep-debug', unstripped, place])
}
