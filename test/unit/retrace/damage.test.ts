/** What gdb says when it fails, and what is made of that. */
import { describe, expect, it } from 'vitest'
import type { CoreModule } from '../../../src/elf/module.ts'
import { culprits } from '../../../workers/retrace/gdb/culprits.ts'
import { isOfDamage, readComplaint } from '../../../workers/retrace/gdb/damage.ts'
import { fileFinder } from '../../../workers/retrace/gdb/file_finder.ts'
import { lastWords } from '../../../workers/retrace/gdb/last_words.ts'
import { readPlainFrames } from '../../../workers/retrace/gdb/plain_frames.ts'
import { resolvedModule } from '../../helpers/report_parts.ts'

describe('readComplaint()', () => {
  it.each([
    [
      'Dwarf Error: could not find abbrev number 9 [in module /dbg/.build-id/25/52.debug]',
      { file: '/dbg/.build-id/25/52.debug', splitFile: undefined, text: 'Dwarf Error: could not find abbrev number 9' },
    ],
    [
      'warning: Could not find DWO CU out/a b.dwo(0x32020f) referenced by CU at offset 0x0 [in module /store/0/p]',
      {
        file: '/store/0/p',
        splitFile: 'out/a b.dwo',
        text: 'Could not find DWO CU out/a b.dwo(0x32020f) referenced by CU at offset 0x0',
      },
    ],
    [
      "warning: Can't read data for section '.debug_info' in file '/store/1/it's here.debug'",
      {
        file: "/store/1/it's here.debug",
        splitFile: undefined,
        text: "Can't read data for section '.debug_info'",
      },
    ],
    [
      'warning: BFD: /store/1/a: b: unable to decompress section .debug_str',
      { file: '/store/1/a: b', splitFile: undefined, text: 'unable to decompress section .debug_str' },
    ],
    ["DWARF Error: unexpected tag 'DW_TAG_skeleton_unit' at offset 0x0", { file: undefined }],
  ])('reads %s', (line, complaint) => {
    expect(readComplaint(line)).toMatchObject(complaint)
  })

  it.each([
    "warning: Unexpected size of section `.reg-xstate/7' in core file.",
    'warning: Could not load shared library symbols for /usr/lib/libdwarf.so.1.',
    '',
  ])('takes nothing else for one: %s', (line) => {
    expect(readComplaint(line)).toBeUndefined()
  })
})

describe('isOfDamage()', () => {
  it.each([
    'Dwarf Error: x',
    'invalid dwarf2 offset 0x5',
    'DW_FORM_strp pointing outside of .debug_str section [in module /p]',
    'internal error of gdb',
  ])('knows %s', (text) => expect(isOfDamage(text)).toBe(true))

  it.each(['Cannot access memory at address 0x8', 'PC not saved', 'Frame is invalid.'])(
    'lets %s be the end of a stack',
    (text) => expect(isOfDamage(text)).toBe(false),
  )
})

describe('lastWords()', () => {
  it.each([
    ['\nRecursive internal problem.\n\0', 'Recursive internal problem.'],
    [
      'x\nFatal signal: Segmentation fault\n----- Backtrace -----\n0x1\n\nThis is a bug, see:\n<https://x>.',
      'Fatal signal: Segmentation fault',
    ],
    [
      "gdb/expr.c:593: internal-error: f: Assertion `x' failed.\nA problem internal to GDB",
      "internal-error: f: Assertion `x' failed.",
    ],
    ['one\ntwo\n\0\n', 'two'],
    ['\0', ''],
  ])('of %j are what tells most', (said, words) => {
    expect(lastWords(said)).toBe(words)
  })
})

describe('culprits()', () => {
  const modules = Array.from({ length: 20 }, (_, index) => ({ ...resolvedModule().module, start: BigInt(index) }))

  const at = (index: number): CoreModule => modules[index] ?? resolvedModule().module

  /** Plays a gdb that dies of some modules; what is left out in the end, and after how many tries. */
  function search(deadly: readonly CoreModule[], first?: CoreModule, most = 8) {
    const found = culprits(modules, { first, most })
    let tries = 0
    let step = found.next()
    while (!step.done) {
      const out = step.value
      tries++
      step = found.next(deadly.every((each) => out.has(each)))
    }
    return { out: step.value && [...step.value].map(({ start }) => Number(start)).sort((a, b) => a - b), tries }
  }

  it('takes the likeliest first', () => {
    expect(search([at(7)], at(7))).toEqual({ out: [7], tries: 1 })
  })

  it.each([[[13]], [[0, 19]], [[3, 4, 5, 6]]])('finds the modules %j one by one, and leaves out no other', (deadly) => {
    const { out, tries } = search(deadly.map(at), at(1))
    expect(out).toEqual(deadly)
    expect(tries).toBeLessThan(2 + deadly.length * 7)
  })

  it('leaves out all where there are too many, and none where it is not for these', () => {
    expect(search(modules.slice(0, 9), undefined, 8).out).toHaveLength(20)
    const found = culprits(modules, { first: undefined, most: 8 })
    found.next()
    expect(found.next(false)).toEqual({ done: true, value: undefined })
  })
})

describe('fileFinder()', () => {
  const [first, second] = [resolvedModule().module, { ...resolvedModule().module }]
  const find = fileFinder([
    { module: first, debuginfo: ['/sysroot/usr/lib/a.so', '/dbg/.build-id/ab/cd.debug', '/dbg/.build-id/dw/z.debug'] },
    { module: second, debuginfo: ['/dbg/.build-id/dw/z.debug'] },
  ])

  it.each([
    ['/dbg/.build-id/ab/cd.debug', [first]],
    ['/sysroot/lib/a.so', [first]],
    ['/sysroot/lib/../lib/a.so', [first]],
    ['/dbg/.build-id/dw/z.debug', [first, second]],
    ['/usr/lib/a.so', []],
  ])('knows whose file %s is', (path, modules) => {
    expect(find(path)).toEqual(modules)
  })
})

describe('readPlainFrames()', () => {
  it('reads functions, addresses and lines', () => {
    const text = '#0  0x10 in f<int (*)(int)> (a=1, b="(x) at y") at a b.c:3\n#1  <signal handler called>\n' +
      '#2  0x20 in ?? ()\n#3  0x30 in g () from /lib/a.so\n'
    expect(readPlainFrames(text)).toEqual([
      { pc: 0x10n, kind: 'normal', function: 'f<int (*)(int)>', file: 'a b.c', line: 3 },
      { pc: 0n, kind: 'signal-handler', function: undefined, file: undefined, line: undefined },
      { pc: 0x20n, kind: 'normal', function: undefined, file: undefined, line: undefined },
      { pc: 0x30n, kind: 'normal', function: 'g', file: undefined, line: undefined },
    ])
  })

  it('believes nothing of a text in which a name could hold a frame', () => {
    expect(readPlainFrames('#0  0x10 in f () at a\n#1  0x1 in false ():3\n#1  0x20 in main ()')).toEqual([])
  })
})
