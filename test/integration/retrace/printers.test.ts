/**
 * Pretty printers out of packages: GLib's, as its development package of Debian brings them, on a program that really crashed. Qt's:
 * npm run test:languages.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import type { PrinterName } from '../../../src/config/kinds.ts'
import { run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../../helpers/foreign_root.ts'
import { modulesIn, readCoreAt, retraceIn } from '../../helpers/retrace.ts'
import { printersIn } from '../../../workers/retrace/printers.ts'

const TRIPLET = 'usr/lib/x86_64-linux-gnu'

let folder: Folder
let root: string
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  root = folder.file('root')
  const names = ['libglib2.0-0', 'libglib2.0-dev', 'libpcre2-8-0', 'libc6']
  await makeForeignRoot(folder.path, root, { suite: 'bookworm', names })
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  const source = join(installationRoot(), 'test/fixtures/crashes/glib.c')
  compile(source, 'glib')
  mkdirSync(folder.file('place'))
  core = crashInRoot(root, folder.file('place'), ['/usr/bin/glib'])
}, 180_000)

afterAll(async () => await folder[Symbol.asyncDispose]())

function compile(source: string, name: string): void {
  const headers = ['usr/include/glib-2.0', `${TRIPLET}/glib-2.0/include`].map((each) => `-I${join(root, each)}`)
  const library = [`-L${join(root, TRIPLET)}`, '-l:libglib-2.0.so.0', '-Wl,--allow-shlib-undefined']
  run('gcc', ['-g', '-O0', '-w', ...headers, '-o', join(root, 'usr/bin', name), source, ...library])
}

async function valuesWith(wanted: readonly PrinterName[], from = root, seconds = 60) {
  const modules = modulesIn(readCoreAt(core), from)
  const { json, debugged, text } = await retraceIn(core, from, {
    companions: { printers: printersIn(modules, wanted) },
    seconds,
  })
  const frame = json.threads[0]?.frames.find((each) => each.function === 'sum')
  const value = (name: string) => [...frame?.arguments ?? [], ...frame?.locals ?? []].find((each) => each.name === name)
  return { value, problems: debugged.conversation?.problems, text }
}

describe('a failed assertion of GLib', () => {
  it('is shown by its message, which no library with debuginfo has', async () => {
    const source = folder.file('assertion.c')
    writeFileSync(source, '#include <glib.h>\nint main(int count) { g_assert_cmpint(count, ==, 7); return 0; }\n')
    compile(source, 'assertion')
    mkdirSync(folder.file('assertion'))
    const { text } = await retraceIn(crashInRoot(root, folder.file('assertion'), ['/usr/bin/assertion']), root)
    expect(text).toMatch(/^__glib_assert_msg = ".*assertion failed \(count == 7\): \(1 == 7\)"$/m)
  })
})

describe('the pretty printers of GLib', () => {
  it('show lists as what they hold, in text and JSON', async () => {
    const { value, problems, text } = await valuesWith(['glib'])
    expect(problems).toEqual([])
    expect(value('items')?.value).toMatch(/^0x[0-9a-f]+ = \{0x1, 0x2, 0x3\}$/)
    expect(value('names')?.value).toMatch(/^0x[0-9a-f]+ = \{0x[0-9a-f]+\}$/)
    expect(text).toMatch(/^#0 .* in sum \(items=0x[0-9a-f]+ = \{\.\.\.\}, /m)
    // What a table holds is known with GLib's own debuginfo alone.
    expect(value('table')).toMatchObject({ state: 'whole', value: expect.stringMatching(/^0x[0-9a-f]+$/) })
    expect(value('where')).toMatchObject({ value: '0x0', state: 'whole' })
  })

  it('can be turned off', async () => {
    const { value } = await valuesWith(['libstdc++', 'qt'])
    expect(value('items')?.value).toMatch(/^0x[0-9a-f]+$/)
  })

  it.each([
    ['fail where they are loaded', 'raise ValueError("no")', '', /^the pretty printers of glib: ValueError: no$/],
    ['hang where they are loaded', 'while True: pass', '', /^the pretty printers of glib: PrinterTooLong/],
    ['hang at a value', '', 'while True: pass', undefined],
    [
      'hang at a value, and catch what ends them',
      '',
      'while True:\n   try:\n    while True: pass\n   except Exception: pass\n   return None',
      undefined,
    ],
    [
      'hang at a value, and catch everything',
      '',
      'while True:\n   try:\n    while True: pass\n   except: pass',
      undefined,
    ],
    ['fail at a value', '', 'raise ValueError("no")', undefined],
  ])('cost their own values alone when they %s', async (name, atLoad, atValue, problem) => {
    const other = folder.file(name.replaceAll(/\W/g, ''))
    cpSync(root, other, { recursive: true, verbatimSymlinks: true })
    const place = join(other, 'usr/share/glib-2.0/gdb/glib_gdb.py')
    const lookup = `def lookup(value):\n  ${atValue === '' ? 'return None' : atValue}`
    writeFileSync(place, `import gdb\n${atLoad}\n${lookup}\ndef register(obj):\n obj.pretty_printers.append(lookup)\n`)
    writeFileSync(join(other, 'usr/share/glib-2.0/gdb/gobject_gdb.py'), 'def register(obj): pass\n')
    const { value, problems, text } = await valuesWith(['glib'], other)
    expect(problems).toEqual(problem === undefined ? [] : [expect.stringMatching(problem)])
    expect(value('items')?.value).toMatch(/^0x[0-9a-f]+$/)
    expect(value('all')?.value).toBe('6')
    expect(text).toMatch(/^ +all = 6$/m)
  })

  it.each([
    ['hangs', 'while True: pass'],
    ['hangs for good', 'while True:\n     try: pass\n     except: pass'],
    ['fails', 'raise ValueError("no")'],
  ])('show all other values where one %s', async (name, what) => {
    const other = folder.file(`one-${name.replaceAll(' ', '')}`)
    cpSync(root, other, { recursive: true, verbatimSymlinks: true })
    const lines = [
      'import gdb',
      'class Printer:',
      '  def __init__(self, value): self.value = value',
      '  def to_string(self):',
      "   if int(self.value) == int(gdb.parse_and_eval('items')):",
      `    ${what}`,
      "   return 'printed'",
      "def lookup(value): return Printer(value) if str(value.type) in ('GList *', 'GSList *') else None",
      'def register(obj): obj.pretty_printers.append(lookup)',
    ]
    writeFileSync(join(other, 'usr/share/glib-2.0/gdb/glib_gdb.py'), `${lines.join('\n')}\n`)
    writeFileSync(join(other, 'usr/share/glib-2.0/gdb/gobject_gdb.py'), 'def register(obj): pass\n')
    const { value, problems } = await valuesWith(['glib'], other)
    expect(problems).toEqual([])
    expect(value('items')?.value).toMatch(/^<error reading variable/)
    expect(value('names')?.value).toBe('printed')
    expect(value('all')?.value).toBe('6')
  })

  it('are of no use where the library is not there', () => {
    expect(readFileSync(join(root, 'usr/share/glib-2.0/gdb/glib_gdb.py'), 'utf8')).toContain('def register')
    expect(printersIn([], ['glib'])).toEqual([])
  })
})
