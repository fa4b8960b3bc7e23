/**
 * Cores whose program is in no package: the libraries' frames are named all the same, on every architecture, also where
 * the memory that leads gdb to the libraries cannot be read.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { readCore } from '../../../src/elf/core.ts'
import { AT_PHDR } from '../../../src/elf/mapping.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { patchAuxv } from '../../helpers/patched_core.ts'
import { type BacktraceJson, retraceIn } from '../../helpers/retrace.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

/** Functions by program counter, of the frames that are not guessed. */
function named(json: BacktraceJson): Map<string, string> {
  const frames = json.threads.flatMap((thread) => thread.frames).filter((frame) => frame.trust !== 'guessed')
  return new Map(frames.flatMap((frame) => frame.function === null ? [] : [[frame.address, frame.function]]))
}

/** The same core as if the program's headers, and with them r_debug, were not in it. */
function withoutLinkMap(path: string): string {
  const bytes = new Uint8Array(readFileSync(path))
  const { auxv, ident } = readCore(bytesSource(bytes))
  patchAuxv(bytes, { type: AT_PHDR, from: auxv.get(AT_PHDR) ?? 0n, to: 16n }, ident)
  writeFileSync(`${path}.patched`, bytes)
  return `${path}.patched`
}

const isProgram = (path: string) => path === '/usr/bin/crash'

describe.each(ARCHITECTURES.map(({ name }) => name))('a core of %s without its program', (architecture) => {
  it('names the frames in libc without the program as with it, and says what is missing', async () => {
    const root = folder.file(architecture)
    const { core } = fixtureCore(architecture, folder.path)
    mkdirSync(root)
    fixtureFiles(architecture, root)
    const complete = named((await retraceIn(core, root)).json)
    for (const each of [core, withoutLinkMap(core)]) {
      const { json, text, report } = await retraceIn(each, root, { without: isProgram })
      const found = named(json)
      expect(report.outcome).toMatchObject({ code: 'ok-partial', summary: expect.stringContaining('crash: not found') })
      expect(json.thread_count).toBe(3)
      expect([...found.values()]).toContain('sleep')
      for (const [address, name] of found) expect(complete.get(address)).toBe(name)
      expect(text).toMatch(/^#\d+ +0x[0-9a-f]+ in sleep \(/m)
    }
  })
})
