/** The text of a frame: gdb's own, made fit, or a line of ours. */
import { describe, expect, it } from 'vitest'
import { fitText, framesText, readGdbText } from '../../../workers/retrace/report/frame_text.ts'

describe('readGdbText()', () => {
  it('counts the frames of a thread, and says why its stack ended', () => {
    const text = [
      '#0  f (a=1) at f.c:1',
      '        x = 5',
      '        s = {p = 0x0, q = "#1  b"}',
      '#1  0x2 in main () at f.c:9',
      'No locals.',
      'Backtrace stopped: previous frame inner to this frame (corrupt stack?)',
    ].join('\n')
    expect(readGdbText(text)).toEqual({
      text,
      frames: 2,
      stopped: 'previous frame inner to this frame (corrupt stack?)',
    })
  })

  it.each([[undefined], ['']])('tells no frame where gdb printed nothing: %j', (text) => {
    expect(readGdbText(text)).toEqual({ text, frames: 0, stopped: undefined })
  })
})

describe('fitText()', () => {
  it("drops warnings, the root's prefix, shows control characters, and changes nothing else", () => {
    const text = '#0  f () from /sysroot/lib/a.so\nwarning: x\r\n        s = "/sysroot/b", \u001b[31m\u0085\n\n'
    expect(fitText(text)).toBe('#0  f () from /lib/a.so\n        s = "/sysroot/b", \\x1b[31m\\x85')
  })
})

describe('fitText() of a value', () => {
  it('joins what a warning in the middle of it has parted, and leaves strings of the program alone', () => {
    const text =
      '        w = {vtable: 0x5568warning: (Internal error: pc 0x55 in read in CU, but not in symtab.)\n}\n' +
      '        s = "warning: low"'
    expect(fitText(text)).toBe('        w = {vtable: 0x5568}\n        s = "warning: low"')
  })
})

describe('framesText()', () => {
  const frame = {
    level: 1,
    pc: 0x401136n,
    kind: 'normal' as const,
    function: 'f',
    file: 'f.c',
    line: 3,
    module: { module: { path: '/usr/lib/a.so' } },
    arguments: [],
    locals: [],
    hasValues: false,
  }

  it("takes gdb's text, and indents what looks like a frame or a thread in it and is none", () => {
    const text = '#0  f ()\n#5  of a name\nThread 2\n#1  main ()'
    expect(framesText({ text, frames: [frame] })).toBe('#0  f ()\n #5  of a name\n Thread 2\n#1  main ()')
  })

  it('keeps a frame on its line, whatever line ends are in the names of its source file and its module', () => {
    const [file, path] = ['/src/a\nThread 1 (LWP 5):\n#1  0x1 in y () at b.c', '/lib/x\n#1 y.so']
    const text = `#0  f () at ${file}:5\nNo locals.\n#1  g () from ${path}\n#2  main ()`
    const frames = [{ ...frame, file }, { ...frame, module: { module: { path } } }]
    expect(framesText({ text, frames })).toBe([
      '#0  f () at /src/a\\x0aThread 1 (LWP 5):\\x0a#1  0x1 in y () at b.c:5',
      'No locals.',
      '#1  g () from /lib/x\\x0a#1 y.so',
      '#2  main ()',
    ].join('\n'))
    expect(framesText({ text: '#0  f ()\n#1  main ()', frames: [{ ...frame, file: '\n#1' }] })).toBe(
      '#0  f ()\n#1  main ()',
    )
  })

  it.each([
    ['with its source line', {}, '#1  0x0000000000401136 in f (...) at f.c:3'],
    ['without a line', { line: undefined }, '#1  0x0000000000401136 in f (...) at f.c'],
    ['without a source', { file: undefined }, '#1  0x0000000000401136 in f (...) from /usr/lib/a.so'],
    ['in no module', { file: undefined, module: undefined }, '#1  0x0000000000401136 in f (...)'],
    ['without a name', { function: undefined }, '#1  0x0000000000401136 in ?? (...) at f.c:3'],
    ['inlined', { kind: 'inline' as const }, '#1  0x0000000000401136 in f (...) at f.c:3'],
    ['that calls a signal handler', { kind: 'signal-handler' as const }, '#1  <signal handler called>'],
    ['with a hundred before it', { level: 100 }, '#100 0x0000000000401136 in f (...) at f.c:3'],
    ['named by a stranger', { function: 'f\n#2  g' }, '#1  0x0000000000401136 in f\\x0a#2  g (...) at f.c:3'],
  ])("says what is known without gdb's text: a frame %s", (_, change, line) => {
    expect(framesText({ text: undefined, frames: [{ ...frame, ...change }] })).toBe(line)
  })

  it('has the address of an inlined function once, as gdb has it: not for the function that it is inlined in', () => {
    const frames = [{ ...frame, level: 0, kind: 'inline' as const }, { ...frame, function: 'g' }]
    expect(framesText({ text: undefined, frames })).toBe(
      '#0  0x0000000000401136 in f (...) at f.c:3\n#1  g (...) at f.c:3',
    )
  })
})
