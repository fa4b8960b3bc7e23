/** The code that stacks point into, of each architecture: what frames of gdb's right answer lie in has to be among it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { pointedInto } from '../../../src/elf/stack_words.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

describe('pointedInto()', () => {
  it.each(ARCHITECTURES.map(({ name }) => name))('finds program and C library of a core of %s', (name) => {
    const { core: path } = fixtureCore(name, folder.path)
    using source = fileSource(path)
    const core = readCore(source)
    const names = [...pointedInto(core, source, core.modules) ?? []].map((index) => core.modules[index]?.path ?? '')
    expect(names.some((each) => each === core.modules[0]?.path), names.join(' ')).toBe(true)
    expect(names.some((each) => /\/libc[.-]/.test(each)), names.join(' ')).toBe(true)
  })

  it('finds nothing where no code is, and each stack from its pointer on', () => {
    const { core: path } = fixtureCore('amd64', folder.path)
    using source = fileSource(path)
    const core = readCore(source)
    const [module] = core.modules
    const nowhere = { start: 0x10n, end: 0x1000n }
    expect(pointedInto(core, source, [nowhere])).toEqual(new Set())
    const segments = core.segments.map((each) => ({ ...each, flags: 4 }))
    expect(pointedInto({ ...core, segments }, source, [nowhere])).toBeUndefined()
    const threads = core.threads.map((each) => ({ ...each, pc: 0n, sp: 0n }))
    expect(pointedInto({ ...core, threads }, source, [module ?? nowhere])).toEqual(new Set())
  })
})
