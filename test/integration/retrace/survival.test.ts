/**
 * A gdb that ends or hangs over something costs what it was asked, and nothing else: it is started again behind that. The
 * same crash, read by a gdb that fails at one place, and compared with what a whole one says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { before, brokenGdb, DIES, HANGS, INTERRUPTED_LATE, IS_STUCK } from '../../helpers/broken_gdb.ts'
import { adviceText } from '../../../src/task/outcome.ts'
import { crash } from '../../helpers/cores.ts'
import { replaceBytes } from '../../helpers/damage.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture, threadsOf } from '../../helpers/oracle.ts'
import { copyModules, type Retraced, retraceIn, type RetraceOptions } from '../../helpers/retrace.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

const THREADS = 20

let folder: Folder
let core: string
let whole: Retraced

beforeAll(async () => {
  folder = await temporaryFolder()
  const program = compileFixture(folder.path, 'threads.c', 'threads', ['-O0', '-pthread'])
  core = crash(folder.path, program, [String(THREADS - 2)])
  copyModules(core, folder.file('root'))
  whole = await retraceIn(core, folder.file('root'), { hostDebug: true })
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** What a broken gdb makes of the crash, and what it said on the way. */
async function retrace(python: string, options: RetraceOptions = {}) {
  const said: string[] = []
  const engines = [brokenGdb(python)]
  const say = (line: string) => said.push(line)
  const retraced = await retraceIn(core, folder.file('root'), {
    hostDebug: true,
    engines,
    say,
    seconds: 60,
    ...options,
  })
  return { ...retraced, said }
}

/** Functions of each thread's frames, by its number. */
function functions({ json }: Pick<Retraced, 'json'>): Record<number, (string | null)[]> {
  return Object.fromEntries(json.threads.map((thread) => [thread.number, thread.frames.map((frame) => frame.function)]))
}

/**
 * The number of a thread that waits in a function: a kernel lists threads in its own order, so that no number can be written
 * down.
 */
function numberOf(waiting: RegExp): number {
  const found = whole.json.threads.find(({ frames }) => frames.some((frame) => waiting.test(frame.function ?? '')))
  if (found === undefined) throw new Error(`no thread waits in ${waiting}`)
  return found.number
}

/** A thread's functions from the program's own on: without debuginfo, libc's inlined frames and aliases are told otherwise. */
const fromProgram = (names: (string | null)[] = []) => names.slice(names.indexOf('wait_for'))

/** Threads, by number, whose text is not that of a whole gdb. */
function differing({ text }: Pick<Retraced, 'text'>): number[] {
  const [ours, theirs] = [threadsOf(text), threadsOf(whole.text)]
  return whole.json.threads.filter(({ lwp }) => ours[lwp]?.join('\n') !== theirs[lwp]?.join('\n'))
    .map(({ number }) => number)
}

const text = (action: string, numbers = [7]) =>
  before(
    'send_backtrace',
    `number in ${JSON.stringify(numbers)} and arguments[-1] != "-frame-info location-and-address"`,
    action,
  )
const values = (action: string, numbers = [7]) => before('send_values', `number in ${JSON.stringify(numbers)}`, action)

describe('a gdb that ends', () => {
  it("over the text of one thread's values costs no frame, and the values are told one by one", async () => {
    const retraced = await retrace(text(DIES))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced).filter((number) => number !== 7)).toEqual([])
    expect(retraced.text).toMatch(/^#\d+ +0x[0-9a-f]+ in waiter \(number=0x[0-9a-f]+\) at .*threads\.c:\d+$/m)
    expect(retraced.report.outcome.code).toBe('ok')
    expect(retraced.said).toEqual([
      expect.stringMatching(/^broken reads this core/),
      expect.stringMatching(/^broken did not come to its end: gdb ended by itself \(SIGABRT\).*; it is started again/),
    ])
    expect(parseSatyr(retraced.text).threads).toHaveLength(THREADS)
  })

  it('over all values of one thread costs those, which the outcome says, and no frame', async () => {
    const retraced = await retrace(text(DIES) + values(DIES))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced)).toEqual([7])
    expect(retraced.text).toMatch(/^#\d+ +0x[0-9a-f]+ in waiter \(number=0x[0-9a-f]+\) at .*threads\.c:\d+$/m)
    expect(retraced.report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringMatching(/values of thread 7 are missing, since gdb ended over them \(gdb ended by itself/),
    })
    expect(retraced.json.threads.find(({ number }) => number === 7)?.lost).toEqual([
      { part: 'values', cause: 'ended', why: expect.stringContaining('SIGABRT') },
    ])
    expect(parseSatyr(retraced.text).threads).toHaveLength(THREADS)
  })

  it('over the values of the crashed thread costs those, and nothing of the others and of the process', async () => {
    const retraced = await retrace(text(DIES, [1]) + values(DIES, [1]))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced)).toEqual([1])
    expect(retraced.json.registers).toEqual(whole.json.registers)
    expect(retraced.report.outcome.summary).toContain('values of thread 1 are missing')
  })

  it('over the values of very many threads leaves all frames, and those values that came', async () => {
    const odd = whole.json.threads.map(({ number }) => number).filter((number) => number % 2 === 1)
    const retraced = await retrace(text(DIES, odd) + values(DIES, odd))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(retraced.report.outcome.summary).toMatch(/values of thread 1 are missing|values of the threads 1, /)
    expect(retraced.report.outcome.summary).toContain('gdb ended over those of 3 other threads')
    expect(differing(retraced)).not.toContain(2)
  })

  it.each([['pause', /pause/], ['sleep', /nanosleep/], ['inlined functions', /futex/]])(
    'over a frame of a thread in %s costs the frames behind it in that thread, which come without debuginfo',
    async (_, waiting) => {
      const number = numberOf(waiting)
      const retraced = await retrace(before('Walk.describe', `number == ${number} and arguments[0].count == 2`, DIES))
      const { [number]: cut, ...others } = functions(retraced)
      const { [number]: complete, ...same } = functions(whole)
      expect(others).toEqual(same)
      expect(fromProgram(cut)).toEqual(fromProgram(complete))
      expect(retraced.report.outcome.summary).toMatch(
        RegExp(`frames of thread ${number} are missing, since gdb ended over them`),
      )
    },
  )

  it('over the first frame of the crashed thread leaves the text of a plain backtrace, and all other threads', async () => {
    const retraced = await retrace(before('Walk.describe', 'number == 1', DIES))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(retraced.text).toMatch(/^#0 +0x[0-9a-f]+ in crasher \(text=0x[0-9a-f]+.*\) at .*threads\.c:\d+$/m)
    expect(differing(retraced)).toEqual([1])
    expect(retraced.report.outcome.summary).toMatch(/frames of thread 1 are missing/)
    expect(parseSatyr(retraced.text).threads).toHaveLength(THREADS)
  })

  it('over where the crashed thread is, whatever is left out, is not asked that again, and all else comes', async () => {
    const retraced = await retrace(before('answer_place', 'True', DIES))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced)).toEqual([])
    expect(retraced.report.outcome.code).toBe('ok')
  })

  it('over the registers costs those', async () => {
    const retraced = await retrace(before('answer_registers', 'True', DIES))
    expect(differing(retraced)).toEqual([])
    expect(retraced.json.registers).toEqual({})
    expect(retraced.text).toMatch(/^From +To/m)
    expect(retraced.report.outcome.summary).toMatch(/gdb ended or hung over the registers \(.*SIGABRT/)
  })

  it('of more memory than it may have costs the thread that it wanted that for', async () => {
    const greed = "globals().update(much=b'x' * (900 << 20)) or time.sleep(9)"
    const retraced = await retrace(text(greed) + values(greed), { memoryMb: 600 })
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced)).toEqual([7])
    expect(retraced.report.outcome.summary).toMatch(/values of thread 7 are missing, .*over the limit of 600 MB/)
    expect(retraced.report.outcome.next_step).toBe(adviceText(['out-of-memory']))
  })

  it('of more memory than it may have over the registers costs those', async () => {
    const greed = "globals().update(much=b'x' * (900 << 20)) or time.sleep(9)"
    const retraced = await retrace(before('answer_registers', 'True', greed), { memoryMb: 600 })
    expect(differing(retraced)).toEqual([])
    expect(retraced.report.outcome.next_step).toBe(adviceText(['out-of-memory']))
  })

  it('that says more than is kept costs the thread that it said that of', async () => {
    const flood = "[os.write(3, b'x' * (1 << 20)) for _ in range(220)]"
    const retraced = await retrace(text(flood) + values(flood))
    expect(functions(retraced)).toEqual(functions(whole))
    expect(differing(retraced)).toEqual([7])
    expect(retraced.report.outcome.summary).toMatch(/values of thread 7 are missing, since gdb said too much of them/)
    expect(retraced.report.outcome.next_step).toBe(adviceText(['see-rest-in-debugger']))
  })

  it('over the frames of very many threads is started a few times, and tells the crashed one and where all were', async () => {
    const retraced = await retrace(before('Walk.describe', 'number > 1 and arguments[0].count == 1', DIES))
    expect(functions(retraced)[1]).toEqual(functions(whole)[1])
    expect(retraced.json.threads).toHaveLength(THREADS)
    expect(retraced.json.threads.filter(({ frames }) => frames.length === 0)).toEqual([])
    expect(retraced.json.threads.map(({ lost }) => lost[0]?.cause)).toEqual(
      [undefined, ...Array(8).fill('ended'), ...Array(THREADS - 9).fill('spared')],
    )
    expect(retraced.report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringContaining('gdb ended over those of 8 other threads'),
    })
    expect(retraced.said.filter((line) => line.includes('it is started again')).length).toBeLessThan(31) // one with a twin
  })

  it('is followed by the next engine, which is asked only what is left', async () => {
    const asked: string[] = []
    const good = brokenGdb('', 'good')
    const retraced = await retrace('', { engines: [brokenGdb(text(DIES)), good], say: (line) => asked.push(line) })
    expect(differing(retraced)).toEqual([])
    expect(retraced.report.outcome.code).toBe('ok')
    expect(retraced.json.debugger).toMatchObject({
      engine: 'good',
      passed_over: [expect.stringContaining('broken did not')],
    })
  })
})

describe('a gdb that hangs', () => {
  it.each([['and can be interrupted', HANGS], ['and cannot be interrupted', IS_STUCK]])(
    'over the values of one thread %s costs those',
    async (_, action) => {
      const retraced = await retrace(text(action) + values(action), { seconds: 30 })
      expect(functions(retraced)).toEqual(functions(whole))
      expect(differing(retraced)).toEqual([7])
      expect(retraced.report.outcome).toMatchObject({
        code: 'ok-partial',
        summary: expect.stringMatching(/values of thread 7 are missing, since gdb did not come to an end with them/),
      })
    },
  )

  it('over a frame of one thread costs the frames behind it', async () => {
    const number = numberOf(/futex/)
    const retraced = await retrace(before('Walk.describe', `number == ${number} and arguments[0].count == 2`, HANGS), {
      seconds: 30,
    })
    const [{ [number]: cut, ...others }, { [number]: complete, ...same }] = [functions(retraced), functions(whole)]
    expect([others, fromProgram(cut)]).toEqual([same, fromProgram(complete)])
    expect(retraced.report.outcome.summary).toContain(`frames of thread ${number} are missing`)
  })
})

/** Python that does something as gdb takes a file, whose name matches. */
const onFile = (name: string, action: string) => `
def on_file(event):
    if ${JSON.stringify(name)} in (event.new_objfile.filename or ""):
        ${action}
gdb.events.new_objfile.connect(on_file)
`

describe('a gdb that does not open the core', () => {
  it.each([
    ['ends while it lists the threads', before('answer_threads', 'True', DIES), 'the threads'],
    ['ends while it reads the core', onFile('/libc.so', DIES), 'the core itself'],
    ['ends while it reads the program', onFile('/threads', DIES), 'the program'],
  ])('since it %s is followed by the next engine; without one the outcome says so', async (_, python, at) => {
    const followed = await retrace('', { engines: [brokenGdb(python), brokenGdb('', 'good')] })
    expect(differing(followed)).toEqual([])
    expect(followed.report.outcome.code).toBe('ok')
    const why = `broken did not open this core: gdb ended by itself (SIGABRT) (it was at ${at})`
    expect(followed.json.debugger).toMatchObject({ engine: 'good', passed_over: [why] })
    const { report } = await retrace(python)
    expect(report.hasBacktrace).toBe(false)
    expect(report.outcome).toMatchObject({
      code: 'debugger-failed',
      summary: `${why}. Without debuginfo it was no better.`,
    })
  })

  it('since it ends over debuginfo is started without that, and tells all that needs none', async () => {
    const retraced = await retrace(
      onFile('', `if "_info" in said("maint info sections -all-objects .debug_info"): ${DIES}`),
    )
    expect(retraced.json.threads).toHaveLength(THREADS)
    expect(functions(retraced)[1]).toEqual(functions(whole)[1])
    expect(retraced.report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringMatching(/threads: debuginfo damaged \(gdb ended by itself \(SIGABRT\)/),
    })
  })

  it.each([
    ['can be interrupted', before('answer_threads', 'True', HANGS)],
    ['cannot be interrupted', before('answer_threads', 'True', IS_STUCK)],
    ['is interrupted as it ends something', INTERRUPTED_LATE],
  ])(
    'in its time, and %s, is late, whatever it saw, and no debugger that does not understand the core',
    async (_, python) => {
      const { report, debugged } = await retrace(python, { seconds: 7 })
      expect(debugged.rejected.join()).not.toContain('understand')
      const next_step = expect.stringContaining('RETRACE_TASK_TIMEOUT_S')
      expect(report.outcome).toMatchObject({ code: 'debugger-timeout', next_step })
    },
  )

  it('in its time, since it hangs over where the thread is, is not asked that, and tells all else', async () => {
    const retraced = await retrace(before('answer_place', 'True', HANGS), { seconds: 15 })
    expect(functions(retraced)).toEqual(functions(whole))
    expect(retraced.report.outcome.code).toBe('ok')
  })
})

describe('debuginfo that no debugger comes to an end with', () => {
  const retraceEndless = async (name: string, args: string[], change: (program: string) => void = () => undefined) => {
    const program = compileFixture(folder.path, 'endless.c', name, ['-O0', '-pthread'])
    change(program)
    const path = crash(folder.path, program, args)
    copyModules(path, folder.file(name + '.root'))
    return await retraceIn(path, folder.file(name + '.root'), { hostDebug: true, seconds: 30 })
  }

  it('in an unwinding rule costs the frames behind it', async () => {
    const { json, report, text } = await retraceEndless('unwinding', ['unwind'])
    expect(json.threads.map((thread) => thread.frames.map((frame) => frame.function))).toEqual([
      ['crash', 'main'],
      [expect.stringMatching(/pause/), 'hold'],
    ])
    expect(text).toMatch(/^#1 +0x[0-9a-f]+ in hold \(\) at .*\.c:\d+$/m)
    expect(report.outcome).toMatchObject({
      code: 'ok-partial',
      summary: expect.stringMatching(/frames of thread 2 are missing, since gdb did not come to an end with them/),
    })
  })

  it('in the place of a value costs the values of that thread', async () => {
    // DW_OP_fbreg -532 of `odd` becomes a DW_OP_skip to itself.
    const loop = (program: string) => replaceBytes(program, [3, 0x91, 0xec, 0x7b], [3, 0x2f, 0xfd, 0xff])
    const { json, report } = await retraceEndless('value', [], loop)
    expect(json.threads[1]?.frames.map((frame) => frame.function).slice(1, 3)).toEqual(['hold', 'valued'])
    expect(json.threads[0]?.frames[0]?.locals).toContainEqual(expect.objectContaining({ name: 'fine', state: 'whole' }))
    expect(report.outcome.summary).toMatch(/values of thread 2 are missing, since gdb did not come to an end with them/)
  })
})

describe('Python in gdb', () => {
  it.each([
    'ValueError("no")',
    'SystemExit(3)',
    'RecursionError()',
    'MemoryError()',
    'gdb.error("Dwarf Error: odd")',
    'UnicodeDecodeError("utf-8", b"a", 0, 1, "odd")',
  ])(
    'that raises %s over one thread costs that thread at most',
    async (error) => {
      const retraced = await retrace(before('send_backtrace', 'number == 7', `raise ${error}`))
      expect(functions(retraced)).toEqual(functions(whole))
      expect(differing(retraced).filter((number) => number !== 7)).toEqual([])
    },
  )
})
