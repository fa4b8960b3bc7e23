/** The reader against cores that real kernels of seven architectures wrote; oracles are eu-unstrip and gdb. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { type Core, readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { type FixtureCore, fixtureCore } from '../../helpers/cores.ts'

describe.each(ARCHITECTURES)('readCore() of a core of $name', ({ name, class: elfClass, littleEndian, machine }) => {
  const folder = mkdtempSync(join(tmpdir(), 'elf-fixture-'))
  let fixture: FixtureCore
  let core: Core

  beforeAll(() => {
    fixture = fixtureCore(name, folder)
    using source = fileSource(fixture.core)
    core = readCore(source)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('names the architecture', () => {
    expect(core.architecture).toBe(name)
    expect(core.ident).toEqual({ class: elfClass, littleEndian, machine })
  })

  it('finds the build-id of every module that eu-unstrip finds, under the same name', () => {
    for (const { buildId, name: wanted } of fixture.buildIds) {
      const module = core.modules.find((each) => each.buildId === buildId)
      expect(module, wanted).toBeDefined()
      expect([module?.path, module?.linkName]).toContain(wanted)
    }
  })

  it('finds nothing else but a vdso', () => {
    const known = new Set(fixture.buildIds.map((each) => each.buildId))
    expect(core.modules.filter((each) => !known.has(each.buildId ?? '')).map((each) => each.kind)).toEqual(
      name === 'arm64' ? ['vdso'] : [],
    )
    expect(core.modules.filter((each) => each.kind === 'vdso')).toHaveLength(1)
    expect(core.modules).toHaveLength(fixture.buildIds.length + (name === 'arm64' ? 1 : 0))
  })

  it('takes the mapping that holds AT_ENTRY as the executable', () => {
    expect(core.modules.map((each) => [each.kind, each.path])[0]).toEqual(['executable', '/usr/bin/crash'])
    expect(core.modules.filter((each) => each.kind === 'executable')).toHaveLength(1)
  })

  it('readCore() finds the threads that gdb lists, in its order, the crashed one first', () => {
    const lwps = [...fixture.expected.matchAll(/^\[New LWP (\d+)\]$/gm)].map((match) => Number(match[1]))
    expect(core.threads.map((thread) => thread.lwp)).toEqual(lwps)
    expect(lwps).toHaveLength(3)
  })

  it('readCore() finds the program counter of every thread, as gdb shows it', () => {
    const frame = /^#0 +0x([0-9a-f]+) in level3 /m.exec(fixture.expected)
    expect(core.threads[0]?.pc).toBe(BigInt(`0x${frame?.[1]}`))
    for (const [, lwp, pc] of fixture.expected.matchAll(/^[* ] \d+ .*\(LWP (\d+)\)\)? +0x([0-9a-f]+) in/gm)) {
      expect(core.threads.find((thread) => thread.lwp === Number(lwp))?.pc).toBe(BigInt(`0x${pc}`))
    }
  })

  it('reads signal, fault address, process and command line', () => {
    expect(core.siginfo).toMatchObject({ signal: 11, code: 1, errno: 0, address: 0n, senderPid: undefined })
    expect(core.threads.map((thread) => thread.signal)).toEqual([11, 11, 11])
    const process = { pid: Math.min(...core.threads.map((thread) => thread.lwp)), uid: 0, gid: 0 }
    expect(core.process).toEqual({ ...process, name: 'crash', arguments: '/usr/bin/crash' })
  })

  it('says that nothing is cut off, and that the code of libc was never dumped', () => {
    expect(core.truncated).toBeUndefined()
    const text = core.segments.filter((segment) => (segment.flags & 1) !== 0 && segment.dumped < segment.memorySize)
    expect(text.length).toBeGreaterThan(0)
    expect(core.segments.every((segment) => segment.dumped === segment.fileSize)).toBe(true)
  })
})
