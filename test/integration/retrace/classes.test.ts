/** Real crashes of each class, of amd64 and, where the kernel runs such programs, of i386: what is said of them. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLASSES, type CrashClass } from '../../../workers/retrace/exploitable/class.ts'
import { compile, crash, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { crashInRoot } from '../../helpers/foreign_root.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

const BARE_SOURCE = 'test/fixtures/crashes/bare.c'
const SOURCE_I386 = 'test/fixtures/crashes/classes_i386.c'
const SOURCE = 'test/fixtures/crashes/classes.c'

/** By the word that makes the program crash so: the class, and what the sentence says. */
const CRASHES: Record<string, [CrashClass | undefined, RegExp]> = {
  'read': [undefined, / read address 0x10 in main \(classes\.c:\d+\)$/],
  'read-string': [undefined, / read address 0x10 in .*, called by main \(classes\.c:\d+\)$/],
  'read-far': [undefined, / read address 0x5544332211008877 in main /],
  'write': ['write', / wrote to address 0x10 in main /],
  'write-far': ['write', / wrote to address 0x5544332211008877 in main /],
  'write-string': ['write', / wrote to address 0x10 in .*, called by main /],
  'add': ['write', / wrote to address 0x10 in main /],
  'compare': [undefined, / read address 0x10 in main /],
  'read-only': ['write', / wrote to address 0x[0-9a-f]+ in main /],
  'jump': ['jump', / went to address 0x10, where no code is, called by main /],
  'jump-far': ['jump', / went to address 0x5544332211008877, where no code is, in main /],
  'jump-through': ['jump', / read address 0x10 in main /],
  'jump-stored': ['jump', / went to an address that cannot be one, where no code is, in main /],
  'jump-data': ['jump', / went to address 0x[0-9a-f]+, where no code is, in data/],
  'return-far': ['return', / went to address 0x4141414141414141, where no code is, in smash /],
  'overflow': ['stack-exhausted', / ran out of stack in over 2048 frames: endless calls itself, in endless /],
  'cycle': ['stack-exhausted', /: (ping, pong|pong, ping) call each other in a cycle of 2, in p[io]ng /],
  'large-frames': ['stack-exhausted', / ran out of stack in \d+ frames: large calls itself, in large /],
  'thread-overflow': ['stack-exhausted', /: endless calls itself, in endless /],
  'divide': ['division-by-zero', / divided by zero in main /],
  'divide-memory': ['division-by-zero', / divided by zero in main /],
  'quotient-memory': ['arithmetic', / failed at arithmetic in main /],
  'privileged': ['unknown', / ran an instruction that no program may run, in main /],
  'table': [undefined, / read address 0x11 in main /],
  'masked': ['write', / wrote to address 0x1[08] in main /],
  'quotient': ['arithmetic', / failed at arithmetic in main /],
  'illegal': ['illegal-instruction', / ran an illegal instruction in main /],
  'trap': ['no-interest', / was ended by SIGTRAP in main /],
  'bus-read': ['bus-error', / read address 0x[0-9a-f]+, which is behind the end of a file or misaligned, in main /],
  'bus-write': ['write', / wrote to address 0x[0-9a-f]+, which is behind the end of a file or misaligned, in main /],
  'system-call': ['system-call', / made a system call that is not allowed in .*called by main /],
  'abort': ['abort', / aborted in main /],
  'quit': ['quit', / was ended by SIGQUIT that it sent itself in main /],
  'sent': ['no-interest', / was ended by SIGSEGV that it sent itself in kill, called by main /],
  'sent-on': ['unknown', / was ended by SIGSEGV that it sent itself in main /],
  'heap': ['heap-damaged', / which found its heap damaged \('free\(\): invalid pointer'\), in main /],
  'double-free': ['heap-damaged', /\('double free or corruption \(!prev\)'\), in main /],
  'stack': ['stack-damaged', /stack protector \('\*\*\* stack smashing detected \*\*\*: terminated'\), in protected /],
  'fortify': [
    'overflow-refused',
    / before a buffer overflowed \('\*\*\* buffer overflow detected \*\*\*: .*'\), in main /,
  ],
}

let folder: Folder
let program: string

beforeAll(async () => {
  folder = await temporaryFolder()
  const options = ['-w', '-fno-omit-frame-pointer', '-fstack-protector-strong', '-pthread']
  program = compile(folder.path, 'classes.c', readFileSync(SOURCE, 'utf8'), options)
})

afterAll(async () => await folder[Symbol.asyncDispose]())

async function crashed(word: string) {
  const core = crash(folder.path, program, [word])
  copyModules(core, folder.file('root'))
  const retraced = await retraceIn(core, folder.file('root'))
  const file = (name: string) => retraced.report.files.find(([each]) => each === name)?.[1]
  return { ...retraced, exploitable: file('exploitable'), outcome: JSON.parse(file('outcome.json') ?? '{}') }
}

describe('the class of a crash', () => {
  it.each(Object.entries(CRASHES))(
    'says of %s which it is, in a sentence, and how it could be used',
    async (word, row) => {
      const [crashClass, sentence] = row
      const { exploitable, json, text, outcome } = await crashed(word)
      expect(json.exploitable?.class).toBe(crashClass)
      if (crashClass === undefined) expect(exploitable).toBeUndefined()
      else {
        expect(exploitable).toMatch(
          /^Likely crash reason: .+\n(Current instruction: .+\n)?Exploitable rating .*: \d\n$/,
        )
        // As ABRT's client takes it.
        const number = /^: (\d+)/.exec(exploitable?.slice(exploitable.lastIndexOf(':')) ?? '')?.[1]
        expect(Number(number)).toBe(CLASSES[crashClass])
      }
      expect(json.sentence).toMatch(/^classes of debian-12 /)
      expect(json.sentence).toMatch(sentence)
      expect(text.split('\n')[0]).toBe(json.sentence)
      expect(outcome.crash).toMatchObject({ sentence: json.sentence, rating: json.rating?.value ?? null })
    },
  )

  it('tells a return to nowhere from a jump, though no frame has a name then', async () => {
    const { exploitable, outcome } = await crashed('return')
    expect(exploitable).toContain('Exploitable rating (0-9 scale): 7')
    expect(outcome.crash.sentence).toMatch(/^classes of debian-12 went to address 0x41414140, where no code is$/)
    expect(outcome.crash.duphash).toBeNull()
  })
})

const NOT_HERE = 'this kernel runs no programs of i386'

/** By the number in bare.c. */
const BARE: [string, CrashClass | undefined, RegExp][] = [
  ['read', undefined, / read address 0x10 in _start /],
  ['write', 'write', / wrote to address 0x10 in _start /],
  ['add', 'write', / wrote to address 0x10 /],
  ['rep stos', 'write', / wrote to address 0x10 /],
  ['rep movs', undefined, / read address 0x10 /],
  ['read-only', 'write', / wrote to address 0x[0-9a-f]+ /],
  ['jump', 'jump', / went to address 0x10, where no code is, called by _start /],
  ['jump-through', 'jump', / read address 0x10 /],
  ['jump-data', 'jump', / went to address 0x[0-9a-f]+, where no code is, in data/],
  ['return', 'return', / went to address 0x41414140, where no code is/],
  ['overflow', 'stack-exhausted', /: endless calls itself, in endless /],
  ['divide', 'division-by-zero', / divided by zero /],
  ['quotient', 'arithmetic', / failed at arithmetic /],
  ['illegal', 'illegal-instruction', / ran an illegal instruction /],
  ['trap', 'no-interest', / was ended by SIGTRAP /],
  ['compare', undefined, / read address 0x10 /],
  ['misaligned', 'write', / wrote to address 0x[0-9a-f]+ /],
  ['push', undefined, / read address 0x10 /],
]

/** Without a C library: none for i386 has to be installed. */
function bare(name: string, number: number, bits: 32 | 64): string {
  const options = [
    `-m${bits}`,
    `-DCRASH=${number}`,
    '-w',
    '-ffreestanding',
    '-nostdlib',
    '-static',
    '-fno-omit-frame-pointer',
  ]
  return compile(folder.path, `${name.replace(' ', '-')}${bits}.c`, readFileSync(BARE_SOURCE, 'utf8'), [
    ...options,
    '-fno-stack-protector',
    ...(bits === 32 ? ['-msse2'] : []),
  ])
}

function runsPrograms(bits: 32 | 64): boolean {
  return spawnSync(bare('can-run', 14, bits), { stdio: 'ignore' }).signal === 'SIGILL'
}

describe.each([64, 32] as const)('the class of a crash without a C library, of %i bits', (bits) => {
  it.for(BARE)(
    'is right of %s',
    async ([name, found, sentence], context) => {
      const number = BARE.findIndex(([each]) => each === name) + 1
      if (!runsPrograms(bits)) return context.skip(NOT_HERE)
      const core = crash(folder.path, bare(name, number, bits))
      const root = folder.file(`root-${name}-${bits}`)
      copyModules(core, root)
      const { report, core: { architecture } } = await retraceIn(core, root)
      const file = (wanted: string) => report.files.find(([each]) => each === wanted)?.[1]
      const number9 = /: (\d)\n$/.exec(file('exploitable') ?? '')?.[1]
      expect(architecture).toBe(bits === 32 ? 'i386' : 'amd64')
      expect(JSON.parse(file('outcome.json') ?? '{}').crash.sentence).toMatch(sentence)
      expect(number9).toBe(found === undefined ? undefined : String(CLASSES[found]))
    },
  )
})

/** Of i386 with the C library of the fixtures, by the word in classes_i386.c. */
const WITH_LIBRARY: [string, CrashClass, RegExp][] = [
  ['abort', 'abort', / aborted in begin /],
  ['quit', 'quit', / was ended by SIGQUIT that it sent itself in begin /],
  ['sent', 'no-interest', / was ended by SIGSEGV that it sent itself in (kill, called by )?begin /],
  ['sent-on', 'unknown', / was ended by SIGSEGV that it sent itself in begin /],
  ['bus-read', 'bus-error', / read address 0x[0-9a-f]+, which is behind the end of a file or misaligned, in begin /],
  ['bus-write', 'write', / wrote to address 0x[0-9a-f]+, which is behind the end of a file or misaligned, in begin /],
  ['divide-memory', 'division-by-zero', / divided by zero in begin /],
  ['quotient-memory', 'arithmetic', / failed at arithmetic in begin /],
  ['privileged', 'unknown', / ran an instruction that no program may run, in begin /],
  ['system-call', 'system-call', / made a system call that is not allowed in (.*called by )?begin /],
  ['heap', 'heap-damaged', / which found its heap damaged \('free\(\): invalid pointer'\), in begin /],
  ['double-free', 'heap-damaged', /\('double free or corruption \(!prev\)'\), in begin /],
  ['stack', 'stack-damaged', /stack protector \('\*\*\* stack smashing detected \*\*\*: terminated'\), in protected /],
  [
    'fortify',
    'overflow-refused',
    / before a buffer overflowed \('\*\*\* buffer overflow detected \*\*\*: .*'\), in begin /,
  ],
]

describe('the class of a crash of i386 with its C library', () => {
  it.for(WITH_LIBRARY)('is right of %s', async ([word, found, sentence], { skip }) => {
    if (!runsPrograms(32)) return skip(NOT_HERE)
    const root = folder.file('i386')
    const folders = ['usr/bin', 'place', 'proc', 'dev', 'tmp'].map((name) => `${root}/${name}`)
    for (const each of [...folders, folder.file(`place-${word}`)]) mkdirSync(each, { recursive: true })
    if (!existsSync(`${root}/usr/bin/classes_i386`)) {
      fixtureFiles('i386', root)
      const library = [`-L${root}/lib/i386-linux-gnu`, '-l:libc.so.6', '-Wl,--allow-shlib-undefined']
      const linker = '-Wl,--dynamic-linker=/lib/i386-linux-gnu/ld-linux.so.2'
      const options = ['-m32', '-w', '-nostdlib', '-no-pie', '-fno-pic', '-ffreestanding', '-fno-omit-frame-pointer']
      const source = readFileSync(SOURCE_I386, 'utf8')
      compile(`${root}/usr/bin`, 'classes_i386.c', source, [...options, '-fstack-protector-strong', ...library, linker])
    }
    const core = crashInRoot(root, folder.file(`place-${word}`), ['/usr/bin/classes_i386', word])
    const { report, json, core: { architecture } } = await retraceIn(core, root)
    expect(architecture).toBe('i386')
    expect(json.sentence).toMatch(sentence)
    expect(json.exploitable?.class).toBe(found)
    const text = report.files.find(([each]) => each === 'exploitable')?.[1]
    expect(/: (\d)\n$/.exec(text ?? '')?.[1]).toBe(String(CLASSES[found]))
  })

  it('is tried of every class, with those of programs without a library', () => {
    const tried = [...BARE, ...WITH_LIBRARY].map(([, found]) => found)
    expect(Object.keys(CLASSES).filter((each) => !tried.includes(each as CrashClass))).toEqual([])
    const here = Object.values(CRASHES).map(([found]) => found)
    expect(Object.keys(CLASSES).filter((each) => each !== 'return' && !here.includes(each as CrashClass))).toEqual([])
  })
})
