/** Twins of gdb: what they tell is what gdb alone tells, and nothing that happens to one costs anything. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { before, brokenGdb, DIES, IS_STUCK } from '../../helpers/broken_gdb.ts'
import { crash } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import {
  copyModules,
  emptySandbox,
  ENGINE_DIR,
  type Retraced,
  retraceIn,
  type RetraceOptions,
} from '../../helpers/retrace.ts'
import { installedEngines } from '../../../workers/retrace/gdb/installed_engine.ts'
import { launch } from '../../../workers/retrace/sandbox/launch.ts'

// As many twins as there can be, whatever this machine has.
vi.mock('node:os', async (real) => ({ ...await real<typeof import('node:os')>(), availableParallelism: () => 4 }))

/** Three questions, and some. */
const THREADS = 56
/** Runs in twins alone, or in their original. */
const IN_TWIN = 'CHANNEL > 3'
const IN_ORIGINAL = 'CHANNEL == 3'
const TOLD = /^(\d+) threads told by twins of /

let folder: Folder
let core: string
let alone: Retraced

beforeAll(async () => {
  folder = await temporaryFolder()
  const program = compileFixture(folder.path, 'threads.c', 'threads', ['-O0', '-pthread'])
  core = crash(folder.path, program, [String(THREADS - 2)])
  copyModules(core, folder.file('root'))
  alone = await retrace('', { twins: 0 })
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** `said`: what was said of debuggers on the way. */
async function retrace(python: string, options: RetraceOptions = {}): Promise<Retraced & { said: string }> {
  const engines = [brokenGdb(python)]
  let said = ''
  const say = (line: string) => void (said += `${line}\n`)
  const retraced = await retraceIn(core, folder.file('root'), {
    hostDebug: true,
    engines,
    seconds: 60,
    say,
    ...options,
  })
  return { ...retraced, said }
}

/** Of how many threads twins told. */
function toldByTwins({ debugged }: Retraced): number {
  return Number(debugged.warnings.map((each) => TOLD.exec(each)?.[1]).find((each) => each !== undefined) ?? 0)
}

function expectSame(ours: Retraced, theirs = alone): void {
  expect(ours.text).toBe(theirs.text)
  expect({ ...ours.json, seconds: null }).toEqual({ ...theirs.json, seconds: null })
  expect(ours.report.outcome.code).toBe(theirs.report.outcome.code)
}

describe('a twin of gdb', () => {
  it('tells of other threads what gdb alone does, and the log says of how many', async () => {
    expect(toldByTwins(alone)).toBe(0)
    const retraced = await retrace(before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)'))
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBeGreaterThan(THREADS / 2)
  })

  // Of a newer gdb, which reads symbols behind what it is asked.
  it('of an engine of ops/engine tells what that engine alone does', async () => {
    const engine = installedEngines(ENGINE_DIR, 'amd64').find(({ runsAs }) => runsAs === 'amd64')
    if (engine === undefined) return console.warn(`skipped: ${ENGINE_DIR} has none; make it with ops/engine trixie`)
    const waiting = brokenGdb(before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)'), engine.name, engine)
    const without = await retrace('', { twins: 0, engines: [engine] })
    for (const twins of [1, 3]) {
      const retraced = await retrace('', { twins, engines: [waiting] })
      expectSame(retraced, without)
      expect(toldByTwins(retraced)).toBeGreaterThan(THREADS / 2)
    }
  })

  it('reads files at places of its own', async () => {
    const python = `
import stat
def moved(place=None):
    files = [fd for fd in range(5, 256) if is_file(fd)]
    if place is not None:
        for fd in files: os.lseek(fd, place, os.SEEK_SET)
    return len(files) > 3 and 77 in [os.lseek(fd, 0, os.SEEK_CUR) for fd in files]
def is_file(fd):
    try: return stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError: return False
`
    const moving = before('send_backtrace', IN_TWIN, 'moved(77) and os._exit(1)')
    const looking = before(
      'send_backtrace',
      `${IN_ORIGINAL} and number == 1`,
      'exec("time.sleep(1)\\nif moved(): os._exit(3)")',
    )
    const retraced = await retrace(python + moving + looking)
    expectSame(retraced)
    expect(retraced.debugged.warnings.join()).not.toContain('exit code')
  })

  for (
    const [what, action] of Object.entries({
      'that ends': DIES,
      'that hangs': IS_STUCK,
      'that raises an error': 'raise ValueError("no")',
      'that says what is no message': 'os.write(CHANNEL, b"no message\\n")',
      'that says what nobody asked': 'os.write(CHANNEL, b\'{"end":1}\\n{"text":7}\\n[]\\n\')',
      'that goes on saying nothing': 'exec("while True: os.write(CHANNEL, b\'[]\\\\n\') and time.sleep(0.05)")',
      'that says more than is kept': 'os.write(CHANNEL, b"x" * (1 << 27))',
      'that says more in all than is kept': "exec(\"while True: os.write(CHANNEL, b'[' + b' ' * 60000 + b']\\\\n')\")",
      'that wants more memory than two may have': 'globals().update(waste=bytearray(500 << 20)) or time.sleep(60)',
    })
  ) {
    it(`${what} costs nothing`, async () => {
      const python = before('send_backtrace', `${IN_TWIN} and number != 3`, action)
      const retraced = await retrace(python, { seconds: 20, memoryMb: 800 })
      expectSame(retraced)
      expect(retraced.debugged.end).toBeUndefined()
      expect(retraced.said).not.toContain('started again')
    })
  }

  it('says less than its original may, since the worker keeps both', async () => {
    // A third of what a gdb alone may say where texts are small, and more of them than one message.
    const said = '[os.write(CHANNEL, b"[" + b" " * 65536 + b"]\\n") for _ in range(256)]'
    const retraced = await retrace(
      before('send_backtrace', `${IN_TWIN} and number == 3`, said) +
        before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)'),
      { maxBacktraceKb: 1024 },
    )
    expect(retraced.text).toBe(alone.text)
    expect(toldByTwins(retraced)).toBe(0)
  })

  it('holds no channel but its own, so that each is known to have ended', async () => {
    const looking = before('send_backtrace', IN_TWIN, 'open_channels() != [CHANNEL] and os._exit(1)')
    const retraced = await retrace(looking + before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)'), { twins: 3 })
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBeGreaterThan(THREADS / 2)
  })

  it('gets none of the channels by which the wall hears what to do, whose places are files of gdb then', async () => {
    const { running, twins } = await launch(emptySandbox(), undefined, 1)
    running.stop()
    await running.ended
    expect(twins.length).toBe(1)
  })

  it('that is one of several costs nothing when it ends', async () => {
    const retraced = await retrace(before('send_backtrace', 'CHANNEL == 5', DIES), { twins: 3 })
    expectSame(retraced)
  })

  it('does not live on where another one could not be made', async () => {
    const second = 'os.forks = getattr(os, "forks", 0) + 1\nif os.forks == 2: raise OSError("no more")'
    const forking = before('os.fork', 'True', `exec(${JSON.stringify(second)})`)
    const reap = 'time.sleep(0.3)\ntry:\n while os.waitpid(-1, os.WNOHANG)[0]: pass\n os._exit(3)\nexcept OSError: pass'
    const looking = before('answer_backtraces', IN_ORIGINAL, `exec(${JSON.stringify(reap)})`)
    const retraced = await retrace(forking + looking, { twins: 3 })
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBe(0)
    expect(retraced.said).not.toContain('started again')
  })

  it('is no reason to pass over a debugger that ends when it is to make one', async () => {
    const engines = [brokenGdb(before('answer_divide', 'True', DIES)), brokenGdb('', 'next')]
    const retraced = await retrace('', { engines })
    expectSame(retraced)
    expect(retraced.debugged.rejected).toEqual([])
  })

  it('does not excuse a debugger that ended over printers before that', async () => {
    const engines = [brokenGdb(before('answer_printers', 'True', DIES)), brokenGdb('', 'next')]
    const printers = [{ name: 'libstdc++' as const, path: folder.path, packageDir: folder.path }]
    const retraced = await retrace('', { engines, companions: { printers } })
    expect(retraced.debugged.rejected).toMatchObject([expect.stringContaining('broken did not come to its end')])
    expect(retraced.json.debugger).toMatchObject({ engine: 'next' })
  })

  it('is not there where gdb has a file open that nobody knows', async () => {
    const retraced = await retrace('unknown = os.open("/etc/passwd", os.O_RDONLY)')
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBe(0)
  })

  it('is not there where gdb holds too much already', async () => {
    const retraced = await retrace('waste = bytearray(b"x" * (300 << 20))')
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBe(0)
  })

  it('is there where only more of them would hold too much', async () => {
    const sleeps = before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)')
    // Half of it is for all together: three of this gdb, not four.
    const retraced = await retrace(sleeps, { twins: 3, memoryMb: 6 * alone.debugged.peakMb })
    expectSame(retraced)
    expect(toldByTwins(retraced)).toBeGreaterThan(THREADS / 2)
  })

  it('is not there again once gdb has ended', async () => {
    // What a twin has told before its original ends would count.
    const python = before('send_backtrace', `${IN_ORIGINAL} and number > 1`, DIES) +
      before('answer_backtraces', IN_TWIN, 'time.sleep(60)') +
      before('answer_divide', 'True', 'gdb.write("divided\\n", gdb.STDERR)')
    const [with_, without] = [await retrace(python), await retrace(python, { twins: 0 })]
    expect(with_.debugged.warnings.filter((each) => each === 'divided').length).toBe(1)
    const lost = ({ json }: Retraced) => json.threads.map((each) => each.lost)
    expect(lost(with_).map((each) => each.length)).toEqual(lost(without).map((each) => each.length))
    expect(with_.json.threads.map(({ frames }) => frames)).toEqual(without.json.threads.map(({ frames }) => frames))
  })

  it('does not change what fits into a backtrace', async () => {
    for (const maxBacktraceKb of [2, 8, 20]) {
      const [with_, without] = [await retrace('', { maxBacktraceKb }), await retrace('', { maxBacktraceKb, twins: 0 })]
      expectSame(with_, without)
      expect(without.text).toMatch(/not shown/)
    }
  })

  it('is heard about files that it, or its original before that, cannot read', async () => {
    const said = `gdb.write("Dwarf Error: odd [in module %s]\\n" % gdb.objfiles()[0].filename, gdb.STDERR)`
    const { debugged } = await retrace(before('answer_divide', 'True', said))
    expect(debugged.conversation?.damage).toMatchObject([{ why: 'Dwarf Error: odd' }])
    const complaining = before('send_backtrace', `${IN_TWIN} and number == 3`, said)
    const retraced = await retrace(complaining + before('answer_backtraces', IN_ORIGINAL, 'time.sleep(1)'))
    expect(retraced.debugged.conversation?.damage).toMatchObject([{ why: 'Dwarf Error: odd' }])
  })
})
