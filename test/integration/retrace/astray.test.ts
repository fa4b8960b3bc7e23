/** Stacks that lead where no code is, or code of no file: crashes for real, and what is said of each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'
import type { PlainFrame } from '../../../workers/retrace/gdb/answers.ts'
import { sitesWithoutTables } from '../../../workers/retrace/unwinding.ts'
import { threadLines } from '../../../workers/retrace/words/thread.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

let folder: Folder
let program: string

beforeAll(async () => {
  folder = await temporaryFolder()
  program = compileFixture(folder.path, 'astray.c', 'astray', ['-O1', '-fno-omit-frame-pointer'])
})
afterAll(async () => await folder[Symbol.asyncDispose]())

async function retraced(word: string) {
  const core = crash(folder.path, program, [word])
  const root = folder.file(word)
  copyModules(core, root)
  const heard: (readonly PlainFrame[])[] = []
  const { text, json, report, modules, ...read } = await retraceIn(core, root, {
    hostDebug: true,
    onCrashed: (all) => heard.push(all),
  })
  const lines = threadLines(heard[0] ?? [], {
    core: read.core,
    modules,
    untold: sitesWithoutTables(read.core, modules, [{ frames: heard[0] ?? [] }]),
  })
  const frames = json.threads[0]?.frames ?? []
  const page = report.files.find(([name]) => name === 'backtrace.md')?.[1] ?? ''
  return {
    renderings: {
      text,
      page,
      stack: json.apport.Stacktrace,
      stacks: json.apport.ThreadStacktrace,
      early: lines.join('\n'),
    },

    text,
    frames,
    thread: json.threads[0],
    outcome: report.outcome,
    problems: read.debugged.conversation?.problems ?? [],
    read: parseSatyr(text).threads[0]?.frames ?? [],
  }
}

describe.runIf(process.arch === 'x64')('a stack', () => {
  it('shows a stack that goes through generated code, marks what follows as guessed, and the outcome says where', async () => {
    const { text, frames, outcome, read } = await retraced('generated')
    expect(frames.slice(0, 4).map(({ function: name, trust }) => [name, trust])).toEqual([
      ['fault', 'exact'],
      [null, 'no-symbols'],
      ['through_generated_code', 'guessed'],
      ['main', 'guessed'],
    ])
    expect(text).toContain('(Frame 2 and what follows it are guessed')
    expect(outcome.code).toBe('ok-partial')
    expect(outcome.summary).toContain('frame 1 is in memory of no file (generated or unloaded code)')
    expect(read.length).toBe(frames.length)
  })
  it.each([
    ['zero', 'frame 0 is at address 0, where no code is'],
    ['nowhere', 'frame 0 is where the process had no memory'],
  ])(
    'shows the caller of a call through a pointer (%s), and the outcome says where frame 0 is',
    async (word, says) => {
      const { frames, outcome, problems } = await retraced(word)
      expect(problems).toContainEqual(
        expect.stringMatching(/^the instructions around the crash: Cannot access memory at address 0x[0-9a-f]+$/),
      )
      expect(frames.map(({ function: name }) => name).slice(0, 3)).toEqual([null, 'through_pointer', 'main'])
      expect(outcome).toMatchObject({ code: 'ok-partial', summary: expect.stringContaining(says) })
    },
  )

  it('ends an overwritten stack at the last frame that can be one, in JSON and in the text', async () => {
    const { text, frames, outcome, read } = await retraced('overwritten')
    expect(frames.map(({ function: name }) => name)).toEqual(['fault', 'overwritten'])
    expect(read.length).toBe(2)
    expect(text).not.toMatch(/^#\d+ +0x4141414141414141/m)
    expect(text).toContain('(Ends here: nothing can run at the return address 0x4141414141414141)')
    expect(outcome.code).toBe('ok-partial')
    expect(outcome.summary).toContain('the stack of thread 1 ends at frame 1, which would return to 0x4141414141414141')
  })

  it.each([
    ['memory that is not there', 'm', /^Cannot access memory at address 0x7ffffffff008$/],
    [
      'the same frame again',
      's',
      /^(frame did not save the PC|previous frame identical to this frame \(corrupt stack\?\))$/,
    ],
    ['a frame below', 'b', /^previous frame inner to this frame \(corrupt stack\?\)$/],
  ])('that leads to %s is not complete, which outcome, JSON, text and log say', async (_, word, why) => {
    const { text, thread, outcome } = await retraced(word)
    expect(thread?.frames.map(({ function: name }) => name)).toEqual(['fault', 'relinked', 'linked'])
    expect(thread?.stopped).toMatch(why)
    expect(text).toContain(`Backtrace stopped: ${thread?.stopped}`)
    expect(outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringContaining(`the stack of thread 1 ends at frame 2: ${thread?.stopped}`),
      next_step: expect.stringContaining('a debugger on the core itself may show more'),
    })
  })

  it.each([
    ['guessed', 'generated', '(Frame 2 and what follows it are guessed: nothing tells for sure who called frame 1)'],
    ['that are none', 'overwritten', '(Ends here: nothing can run at the return address 0x4141414141414141)'],
  ])('says of frames %s what they are wherever they are shown', async (_, word, remark) => {
    const { renderings } = await retraced(word)
    for (const [name, shown] of Object.entries(renderings)) {
      expect([name, shown]).toEqual([name, expect.stringContaining(remark)])
    }
  })

  it('says where it stopped wherever it is shown whole', async () => {
    const { renderings: { early: _, ...whole } } = await retraced('s')
    for (const [name, shown] of Object.entries(whole)) {
      expect([name, shown]).toEqual([
        name,
        expect.stringMatching(/(Backtrace stopped|Ends here): frame did not save the PC/),
      ])
    }
  })

  it.each([
    ['without unwind information, as marked and guessed behind it', ['-fno-asynchronous-unwind-tables'], 'guessed'],
    ['with unwind information, exactly', [], 'exact'],
  ])('goes through a function of a library that is here %s', async (_, options, trust) => {
    const name = `through-${trust}`
    const library = compile(folder.path, `lib${name}.c`, THROUGH, [
      '-g0',
      '-fno-omit-frame-pointer',
      '-fPIC',
      '-shared',
      '-o',
      `${folder.path}/lib${name}.so`,
      ...options,
    ])
    const called = compile(folder.path, `${name}.c`, CALLED, [`${library}.so`, '-fno-inline', '-O0'])
    const core = crash(folder.path, called)
    const root = folder.file(`files-of-${name}`)
    copyModules(core, root)
    const { text, json, report } = await retraceIn(core, root, { hostDebug: true })
    const frames = json.threads[0]?.frames ?? []
    expect(frames.slice(0, 3).map((each) => [each.function, each.trust])).toEqual([
      ['fault', 'exact'],
      ['through', 'no-symbols'],
      ['main', trust],
    ])
    expect(text.includes('(Frame 2 and what follows it are guessed')).toBe(trust === 'guessed')
    expect(report.outcome.summary.includes('guessed, since no unwind information tells who called')).toBe(
      trust === 'guessed',
    )
  })
})

const THROUGH = `
int through(int (*f)(int), int n) { volatile int kept[8] = {n}; return f(n) + kept[0]; }
`
const CALLED = `
int through(int (*f)(int), int n);
static int fault(int n) { return *(volatile int *)0 + n; }
int main(void) { return through(fault, 3); }
`
