/** Cores of unusual size and shape, retraced whole: what plain gdb shows, and what must never be shown as true. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { before, brokenGdb } from '../../helpers/broken_gdb.ts'
import { fixtureCore, fixtureFiles, kernelWritesCoresHere } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compareWithGdb, compileFixture, threadsOf } from '../../helpers/oracle.ts'
import { withMoreSegments, withoutNote } from '../../helpers/patched_core.ts'
import { type Retraced, retraceIn } from '../../helpers/retrace.ts'

const NT_FILE = 0x46494c45

let folder: Folder
let core: string
let whole: Retraced

beforeAll(async () => {
  folder = await temporaryFolder()
  core = fixtureCore('amd64', folder.path).core
  fixtureFiles('amd64', folder.path)
  whole = await retraceIn(core, folder.path)
})

afterAll(async () => await folder[Symbol.asyncDispose]())

/** Retraces a changed copy of the fixture. */
async function retraceChanged(name: string, change: (bytes: Uint8Array) => Uint8Array): Promise<Retraced> {
  const path = folder.file(name)
  writeFileSync(path, change(new Uint8Array(readFileSync(core))))
  return await retraceIn(path, folder.path)
}

describe('the fixture', () => {
  it('finds the same threads in a core with 70,000 mappings more (PN_XNUM)', async () => {
    const { core, text } = await retraceChanged('many', (bytes) => withMoreSegments(bytes, 70_000))
    expect(core.segments.length).toBeGreaterThan(70_000)
    expect(threadsOf(text)).toEqual(threadsOf(whole.text))
  })

  it('finds the same threads in a core without NT_FILE', async () => {
    const { core, text } = await retraceChanged('nameless', (bytes) => withoutNote(bytes, NT_FILE))
    expect(core.files).toEqual([])
    expect(threadsOf(text)).toEqual(threadsOf(whole.text))
  })

  it.each([0.95, 0.7, 0.5, 0.3, 0.1, 0.02])(
    'cut to %d of its size shows no other name, and says what it lacks',
    async (part) => {
      const { json, report, text } = await retraceChanged(
        `cut${part}`,
        (bytes) => bytes.subarray(0, bytes.length * part),
      )
      const names = new Map(
        whole.json.threads.flatMap(({ frames }) => frames.map((each) => [each.address, each.function])),
      )
      const frames = (json.threads ?? []).flatMap((thread) => thread.frames).filter(({ trust }) => trust !== 'guessed')
      for (const frame of frames) if (frame.function !== null) expect(frame.function).toBe(names.get(frame.address))
      expect(['ok-partial', 'core-truncated']).toContain(report.outcome.code)
      expect(report.outcome.summary).toMatch(/core is cut off: \d+ bytes of \d+ segments are missing \([^)]+\)/i)
      expect(report.outcome.next_step).toContain('ulimit -c unlimited')
      expect(text).not.toMatch(/id = 0, name = 0x0/)
    },
  )
})

describe('a core', () => {
  it.runIf(kernelWritesCoresHere())('shows every frame of plain gdb for a core of over 4 GB', async () => {
    const program = compileFixture(folder.path, 'walk.c', 'big', ['-O1'])
    const { core, ours, theirs, retraced } = await compareWithGdb(folder.path, program, ['big'])
    expect(statSync(core).size).toBeGreaterThan(2 ** 32)
    expect(ours).toEqual(theirs)
    expect(retraced.report.outcome.code).toBe('ok')
    expect(retraced.debugged.peakMb).toBeLessThan(400)
  })

  it('shows every frame of plain gdb for a core of 1501 threads, and those that came when time runs out', async () => {
    const program = compileFixture(folder.path, 'threads.c', 'threads', ['-O1', '-pthread'])
    const { core, root, ours, theirs, retraced } = await compareWithGdb(folder.path, program, ['1500'])
    expect(retraced.json.threads).toHaveLength(1502)
    expect(ours).toEqual(theirs)
    // All of them take a minute then, on whatever machine.
    const engines = [brokenGdb(before('send_backtrace', 'number > 300', 'time.sleep(0.1)'))]
    const short = await retraceIn(core, root, { hostDebug: true, engines, seconds: 12 })
    expect(short.report.outcome.code).toBe('debugger-timeout')
    expect(short.report.outcome.summary).toMatch(/What came before is here: \d+ frames of \d+ threads\.$/)
    expect(short.json.threads[0]?.frames[0]?.function).toBe('crasher')
    expect(short.json.threads.length).toBeLessThan(1502)
  })

  it('shows the values of each of many threads at the same place', async () => {
    const program = compileFixture(folder.path, 'threads.c', 'own-values', ['-O0', '-pthread'])
    const { theirs, retraced } = await compareWithGdb(folder.path, program, ['40'])
    const printed = Object.values(theirs).flat().flatMap((line) => /waiter \((number=[^)]*)\)/.exec(line)?.[1] ?? [])
    const told = retraced.json.threads.flatMap(({ frames }) => frames.filter((each) => each.function === 'waiter'))
    expect(new Set(printed).size).toBe(40)
    expect(told.map((frame) => frame.arguments.map(({ name, value }) => `${name}=${value}`).join()).sort())
      .toEqual(printed.sort())
  })

  it('finds the same modules whether the notes of a core name files or its memory does', () => {
    const bytes = new Uint8Array(readFileSync(core))
    const ids = (each: Uint8Array) => readCore(bytesSource(each)).modules.map((module) => module.buildId).sort()
    expect(ids(withoutNote(bytes, NT_FILE))).toEqual(ids(new Uint8Array(readFileSync(core))))
  })
})
