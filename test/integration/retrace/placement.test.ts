/**
 * Where symbols lie: gdb finds a program by AT_ENTRY and libraries by the linker's list. Cores that lack these, or in which
 * they lie, have every frame all the same.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { readCore } from '../../../src/elf/core.ts'
import { AT_ENTRY } from '../../../src/elf/mapping.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { crash, fixtureCore, fixtureFiles, kernelWritesCoresHere } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compareWithGdb, compileFixture, threadsOf } from '../../helpers/oracle.ts'
import { changedCore, moveInLinkMap, patchAuxv, withoutNote } from '../../helpers/patched_core.ts'
import { copyModules, type Retraced, retraceIn } from '../../helpers/retrace.ts'
import { parseSatyr } from '../../../workers/retrace/satyr/grammar.ts'

const [NT_AUXV, NT_FILE, NT_SIGINFO] = [6, 0x46494c45, 0x53494749]

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

function functions({ json }: Retraced): (string | null)[] {
  return json.threads[0]?.frames.map((frame) => frame.function) ?? []
}

function placedByHand({ debugged }: Retraced): string[] {
  return debugged.conversation?.symbols.filter(({ byHand }) => byHand).map(({ module }) => module.path) ?? []
}

describe.each(ARCHITECTURES.map(({ name }) => name))('a core of %s', (architecture) => {
  it('whose program is not where AT_ENTRY says has all frames; of the true core nothing is placed by hand', async () => {
    const root = folder.file(architecture)
    mkdirSync(root)
    const { core } = fixtureCore(architecture, folder.path)
    fixtureFiles(architecture, root)
    const whole = await retraceIn(core, root)
    expect(placedByHand(whole)).toEqual([])
    const { auxv, ident } = readCore(bytesSource(new Uint8Array(readFileSync(core))))
    const entry = auxv.get(AT_ENTRY) ?? 0n
    const elsewhere = changedCore(
      core,
      'elsewhere',
      (bytes) => patchAuxv(bytes, { type: AT_ENTRY, from: entry, to: 0x5000n }, ident),
    )
    const moved = await retraceIn(elsewhere, root)
    expect(placedByHand(moved)).toContain('/usr/bin/crash')
    const program = (text: string) =>
      Object.entries(threadsOf(text)).map(([lwp, lines]) => [lwp, lines.filter((line) => line.includes('crash.c:'))])
    expect(program(moved.text)).toEqual(program(whole.text))
    expect(functions(moved).slice(0, 4)).toEqual(['level3', 'level2', 'level1', 'worker'])
  })
})

describe('a core without the notes on its files (as valgrind writes them)', () => {
  it('shows every frame of a core without notes on its files, takes no word of the stack for a frame, and names what was read', async () => {
    const program = compileFixture(folder.path, 'chain.c', 'chain', ['-fno-inline'])
    const core = crash(folder.path, program)
    copyModules(core, folder.file('chain-root'))
    const bare = changedCore(core, 'bare', (bytes) => {
      for (const note of [NT_AUXV, NT_FILE, NT_SIGINFO]) withoutNote(bytes, note)
    })
    const retraced = await retraceIn(bare, folder.file('chain-root'), { hostDebug: true })
    expect(functions(retraced).slice(0, 3)).toEqual(['inner', 'outer', 'main'])
    expect(retraced.json.threads[0]?.frames.map((frame) => frame.function)).not.toContain(null)
    expect(retraced.json.threads[0]?.frames.slice(0, 3).map((frame) => frame.line)).toEqual([1, 2, 3])
    const libraries = parseSatyr(retraced.text).libraries
    expect(libraries.map(({ name, symbols }) => [name, symbols])).toContainEqual([
      expect.stringMatching(/^\/.*\/libc\.so\.6$/),
      'Yes',
    ])
  })
})

describe('a library', () => {
  const library = () => compileFixture(folder.path, 'plugin.c', 'plugin.so', ['-shared', '-fPIC'])

  it("shows all frames, also of a library that the linker's list has at a wrong address", async () => {
    const program = compileFixture(folder.path, 'host.c', 'host', ['-O1'])
    const plugin = library()
    const { core, root, retraced, theirs } = await compareWithGdb(folder.path, program, [plugin])
    const startOf = (pattern: RegExp) => retraced.core.modules.find(({ path }) => pattern.test(path))?.start ?? 0n
    const start = startOf(/plugin\.so/)
    for (const wrong of [start + 0x1000n, 0x10_0000n, startOf(/libc\.so/)]) {
      const lying = changedCore(core, 'lying', (bytes) => moveInLinkMap(bytes, start, wrong))
      const found = await retraceIn(lying, root, { hostDebug: true })
      expect(threadsOf(found.text)).toEqual(theirs)
      expect(placedByHand(found)).toContain(plugin)
    }
  })

  it.runIf(kernelWritesCoresHere())('shows the frames of both copies of a library that is loaded twice', async () => {
    const program = compileFixture(folder.path, 'namespaces.c', 'namespaces', ['-O1'])
    const plugin = library()
    const core = crash(folder.path, program, [plugin])
    copyModules(core, folder.file('twice'))
    const retraced = await retraceIn(core, folder.file('twice'), { hostDebug: true })
    expect(retraced.core.modules.filter(({ path }) => path === plugin)).toHaveLength(2)
    expect(functions(retraced)).toEqual(['handle', 'plugin_run', 'main'])
    expect(retraced.json.threads[0]?.frames.map(({ trust }) => trust)).toEqual(['exact', 'exact', 'exact'])
  })
})
