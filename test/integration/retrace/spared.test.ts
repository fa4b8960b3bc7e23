/**
 * Libraries whose symbols gdb does not read: no answer may differ from what it says when it has read all, and what something
 * turns out to need is read after all.
 */
import { Buffer } from 'node:buffer'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { crash } from '../../helpers/cores.ts'
import { compareWithGdb, compileFixture, threadsOf } from '../../helpers/oracle.ts'
import { changedCore, moveInLinkMap } from '../../helpers/patched_core.ts'
import { before, brokenGdb, DIES } from '../../helpers/broken_gdb.ts'
import { copyModules, retraceIn } from '../../helpers/retrace.ts'

/** Libraries of packages that the tests need in any case. */
const OTHERS = ['libz.so.1', 'liblzma.so.5', 'libffi.so.8', 'libbz2.so.1.0', 'libgmp.so.10', 'libexpat.so.1']

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

/** Writes other bytes of the same number, each a character, wherever some stand. */
function replaceAll(bytes: Uint8Array, from: string, to: string): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = buffer.indexOf(from, 0, 'latin1'); at >= 0; at = buffer.indexOf(from, at + 1, 'latin1')) {
    buffer.write(to, at, 'latin1')
  }
}

function aside(): { program: string; libraries: string[] } {
  const bare = (file: string, name: string) =>
    compileFixture(folder.path, file, name, ['-O1', '-shared', '-fPIC', '-s'])
  const program = compileFixture(folder.path, 'aside.c', 'aside', ['-O1'])
  return { program, libraries: [bare('plugin.c', 'plugin.so'), bare('relay.c', 'relay.so'), 'libz.so.1'] }
}

describe('a library that no word of a stack points into', () => {
  it('is not read when nothing needs it, and the table says so behind the others', async () => {
    const script = `import ctypes\nfor name in ${JSON.stringify(OTHERS)}: ctypes.CDLL(name)\nctypes.string_at(0)`
    const core = crash(folder.path, '/usr/bin/python3.11', ['-c', script])
    const root = join(folder.path, 'python')
    mkdirSync(root)
    copyModules(core, root)
    const [ours, whole] = [await retraceIn(core, root), await retraceIn(core, root, { spareNothing: true })]
    const withoutTable = (text: string) => text.replace(/^From {2,}To [\s\S]*?\n\n/m, '')
    expect(withoutTable(ours.text)).toBe(withoutTable(whole.text))
    expect({ ...ours.json, debugger: null, seconds: null }).toEqual({ ...whole.json, debugger: null, seconds: null })
    const rows = (text: string) => /^From {2,}To [\s\S]*?\n\n/m.exec(text)?.[0].trimEnd().split('\n').slice(1) ?? []
    const last = rows(ours.text).slice(-OTHERS.length + 1)
    expect(rows(ours.text)).toHaveLength(rows(whole.text).length)
    expect(last.every((row) => / not needed {2}\/\S+$/.test(row)), rows(ours.text).join('\n')).toBe(true)
    expect(ours.text).not.toMatch(/ No {10}/)
    expect(whole.text).not.toContain('not needed')
  })

  it('is read when a value leads there, so that gdb adds the name of what is there', async () => {
    const { program, libraries } = aside()
    const { ours, theirs, retraced } = await compareWithGdb(folder.path, program, libraries)
    expect(ours).toEqual(theirs)
    const { spared = [] } = retraced.debugged.conversation ?? {}
    expect(spared.map(({ path }) => path).filter((path) => path.includes('libz'))).toHaveLength(1)
    expect(retraced.text).toMatch(/inside = 0x[0-9a-f]+ <crc32\+4>/)
    expect(retraced.json.threads[0]?.frames.flatMap(({ locals }) => locals).find(({ name }) => name === 'version'))
      .toMatchObject({ value: expect.stringMatching(/<zlibVersion>$/) as unknown })
  })

  it('is read when a frame lies there that only a stack leads to which the thread had left', async () => {
    const { program, libraries } = aside()
    const { ours, theirs, retraced } = await compareWithGdb(folder.path, program, [...libraries, 'handler'])
    expect(ours).toEqual(theirs)
    const { spared = [] } = retraced.debugged.conversation ?? {}
    expect(spared.some(({ path }) => path.endsWith('/relay.so'))).toBe(true)
    expect(retraced.json.threads[0]?.frames.map((frame) => frame.function)).toEqual(
      expect.arrayContaining(['plugin_run', 'relay_run', 'go', 'main']),
    )
  })

  it("is read where the core has it, also when the linker's list has it elsewhere, or by a name that is no UTF-8", async () => {
    const { program, libraries } = aside()
    const { core, root, retraced, theirs } = await compareWithGdb(folder.path, program, [...libraries, 'handler'])
    const relay = retraced.core.modules.find(({ path }) => path.endsWith('/relay.so'))
    const { start = 0n } = relay ?? {}
    const wrong = {
      elsewhere: (bytes: Uint8Array) => moveInLinkMap(bytes, start, start - 0x1000n),
      unnamed: (bytes: Uint8Array) => replaceAll(bytes, 'relay.so', 're\xe4ay.so'),
    }
    for (const [name, change] of Object.entries(wrong)) {
      const patched = changedCore(core, name, change)
      const found = await retraceIn(patched, root, { hostDebug: true, modules: retraced.modules })
      const { spared = [] } = found.debugged.conversation ?? {}
      expect(spared.some((each) => each.start === start), name).toBe(true)
      expect(found.text, name).toMatch(/^0x[0-9a-f]+ {2}0x[0-9a-f]+ {2}Yes {9}.*\/re.ay\.so$/m)
      // Of what was placed by hand gdb does not say the library.
      const frames = (threads: ReturnType<typeof threadsOf>) =>
        Object.values(threads).flat().map((line) => line.replace(/ from \S+$/, ''))
      expect(frames(threadsOf(found.text)), name).toEqual(frames(theirs))
    }
  })

  it('is read when a value lacks what lies there by its name: static members', async () => {
    const shared = ['-DLIBRARY', '-shared', '-fPIC', '-s']
    const library = compileFixture(folder.path, 'statics.cc', 'libcounts.so', shared)
    const program = compileFixture(folder.path, 'statics.cc', 'statics', ['-O0', '-fPIC', library])
    const { ours, theirs, retraced } = await compareWithGdb(folder.path, program, [])
    const { spared = [] } = retraced.debugged.conversation ?? {}
    expect(spared.map(({ path }) => path)).toContain(library)
    expect(ours).toEqual(theirs)
    expect(retraced.text).toMatch(/static all = 42, .*static name = 0x[0-9a-f]+ "counted"/)
    expect(retraced.json.threads[0]?.frames[0]?.arguments.find(({ name }) => name === 'counts'))
      .toMatchObject({ value: expect.stringContaining('static all = 42') as unknown })
  })

  it('and cannot be read to the end leaves the frames that had been found without it', async () => {
    const { program, libraries } = aside()
    const { core, root, retraced } = await compareWithGdb(folder.path, program, [...libraries, 'handler'])
    // Once one was read after all, and where it walks step by step after that.
    const again = '(late_reads or arguments[0].careful) and arguments[0].count == 1'
    const engines = [brokenGdb(before('Walk.describe', again, DIES))]
    const found = await retraceIn(core, root, { hostDebug: true, modules: retraced.modules, engines })
    const functions = ({ json }: typeof found) => json.threads[0]?.frames.map((frame) => frame.function) ?? []
    const whole = functions(retraced)
    expect(functions(found).slice(0, whole.indexOf('relay_run'))).toEqual(whole.slice(0, whole.indexOf('relay_run')))
    expect(found.json.threads[0]?.lost).toMatchObject([{ part: 'frames', cause: 'ended' }])
  })

  it.each([[7, 'not needed'], [8, 'Yes']])(
    'leaves others unread until eight were read one by one: after %i more, the table says %s',
    async (late, said) => {
      const { program, libraries } = aside()
      const core = crash(folder.path, program, [...libraries.slice(0, 2), 'liblzma.so.5', 'handler'])
      const root = join(folder.path, `late-${late}`)
      mkdirSync(root)
      copyModules(core, root)
      const engines = [brokenGdb(`late_reads = ${late}`)]
      const { text } = await retraceIn(core, root, { hostDebug: true, engines })
      const row = (library: string) => text.split('\n').findLast((line) => line.endsWith(library))
      expect(row('/relay.so')).toContain(' Yes ')
      expect(row('/liblzma.so.5')).toContain(` ${said} `)
    },
  )
})
