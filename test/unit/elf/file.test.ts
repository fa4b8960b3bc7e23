/** readElfFile() against what readelf and objcopy say and do. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { architectureOf, ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { crc32 } from '../../../src/elf/checksum.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { type ElfFile, readElfFile } from '../../../src/elf/file.ts'
import { bytesSource, fileSource } from '../../../src/elf/source.ts'
import { compile, fixtureFiles, run } from '../../helpers/cores.ts'

const folder = mkdtempSync(join(tmpdir(), 'elf-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(path: string): ElfFile {
  using source = fileSource(path)
  return readElfFile(source)
}

function checksum(path: string): number {
  using source = fileSource(path)
  return crc32(source)
}

/** What readelf says of build-id, SONAME, needed libraries, interpreter. */
function readelf(path: string): Partial<ElfFile> {
  const text = run('readelf', ['-W', '-n', '-d', '-l', path]).text
  return {
    buildId: /Build ID: ([0-9a-f]+)/.exec(text)?.[1],
    soname: /\(SONAME\) +Library soname: \[(.*)\]/.exec(text)?.[1],
    needed: [...text.matchAll(/\(NEEDED\) +Shared library: \[(.*)\]/g)].map((match) => match[1] ?? ''),
    interpreter: /Requesting program interpreter: (.*)\]/.exec(text)?.[1],
  }
}

describe('readElfFile()', () => {
  const system = ['/usr/bin/python3.11', '/bin/bash', '/usr/bin/gdb', '/lib/x86_64-linux-gnu/libc.so.6']
  it.each(system)('agrees with readelf on %s', (path) => {
    expect(read(path)).toMatchObject({ ...readelf(path), hasCode: true, hasDebugInfo: false })
  })

  it('agrees with readelf on every library of a folder of the system', () => {
    const libraries = readdirSync('/usr/lib/x86_64-linux-gnu').filter((name) => /\.so\.\d+$/.test(name)).slice(0, 40)
    const paths = libraries.map((name) => join('/usr/lib/x86_64-linux-gnu', name)).filter((path) =>
      statSync(path).size > 4096
    )
    expect(paths.length).toBeGreaterThan(10)
    for (const path of paths) {
      expect(read(path), path).toMatchObject({ ...readelf(path), type: 'shared', hasCode: true })
    }
  })

  it.each(ARCHITECTURES)('agrees with readelf on program, loader and libc of $name', ({ name }) => {
    const root = join(folder, name)
    mkdirSync(root)
    fixtureFiles(name, root)
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((each) => join(root, each))
      .filter((path) => statSync(path).isFile())
    expect(files.length).toBeGreaterThan(2)
    for (const path of files) {
      const file = read(path)
      expect(file, path).toMatchObject(readelf(path))
      expect(architectureOf(file.class, file.littleEndian, file.machine)).toBe(name)
      expect([file.hasCode, file.hasDebugInfo]).toEqual([true, path.endsWith('/crash')])
    }
  })

  describe('of a program and what is split from it', () => {
    const program = compile(folder, 'split.c', 'int main(void) { return 0; }')
    const debug = join(folder, 'split.debug')
    run('objcopy', ['--only-keep-debug', program, debug])
    const stripped = join(folder, 'stripped')
    run('objcopy', ['--strip-debug', `--add-gnu-debuglink=${debug}`, program, stripped])
    const { buildId } = read(program)

    it('knows a program with its debuginfo', () => {
      expect(read(program)).toMatchObject({ hasCode: true, hasDebugInfo: true, type: 'shared', debugLink: undefined })
    })

    it("knows a debug file: debuginfo, no code, the program's build-id", () => {
      expect(read(debug)).toMatchObject({
        hasCode: false,
        hasDebugInfo: true,
        buildId,
        interpreter: undefined,
        needed: [],
      })
      const byElfutils = join(folder, 'eu.debug')
      run('eu-strip', ['-f', byElfutils, '-o', join(folder, 'eu-stripped'), program])
      expect(read(byElfutils)).toMatchObject({ hasCode: false, hasDebugInfo: true, buildId })
      expect(read(join(folder, 'eu-stripped'))).toMatchObject({
        hasCode: true,
        hasDebugInfo: false,
        buildId,
        debugLink: { name: 'eu.debug', crc: checksum(byElfutils) },
      })
    })

    it('knows a stripped program and the name of its debug file', () => {
      const debugLink = { name: 'split.debug', crc: checksum(join(folder, 'split.debug')) }
      expect(read(stripped)).toMatchObject({ hasCode: true, hasDebugInfo: false, buildId, debugLink })
    })

    it('knows the dwz file that two programs share, and their links to it', () => {
      const many = Array.from(
        { length: 40 },
        (_, i) => `struct shared_${i} { int member_${i}; long other_${i}; } global_${i};`,
      ).join('\n')
      writeFileSync(join(folder, 'shared.h'), many)
      const source = (name: string) => `#include "shared.h"\nint ${name};\nint main(void) { return 0; }`
      const two = ['one', 'two'].map((name) => compile(folder, `${name}.c`, source(name)))
      const common = join(folder, 'common.debug')
      run('dwz', ['-m', common, '-M', '/usr/lib/debug/.dwz/common.debug', ...two])
      const dwz = read(common)
      expect(dwz).toMatchObject({ hasCode: false, hasDebugInfo: true, needed: [] })
      expect(dwz.buildId).toMatch(/^[0-9a-f]{40}$/)
      for (const path of two) {
        expect(read(path)).toMatchObject({
          hasCode: true,
          debugAltLink: { path: '/usr/lib/debug/.dwz/common.debug', buildId: dwz.buildId },
        })
      }
    })

    it('knows a dwz file that holds strings alone', () => {
      const common = join(folder, 'strings.debug')
      const names = Array.from({ length: 40 }, (_, i) => `int a_long_name_that_two_programs_share_${i};`).join('\n')
      const two = ['three', 'four'].map((name) =>
        compile(folder, `${name}.c`, `${names}\nint main(void) { return 0; }`)
      )
      run('dwz', ['-m', common, ...two])
      expect(run('readelf', ['-SW', common]).text).not.toContain('.debug_info')
      expect(read(common)).toMatchObject({ hasCode: false, hasDebugInfo: true })
    })

    it('reads a program whose section headers were cut off', () => {
      const bytes = new Uint8Array(run('cat', [stripped]).stdout)
      const sections = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(40, true))
      const file = readElfFile(bytesSource(bytes.subarray(0, sections)))
      expect(file).toMatchObject({
        hasCode: true,
        hasDebugInfo: false,
        buildId,
        needed: ['libc.so.6'],
        debugLink: undefined,
      })
    })

    it('knows an object file, and one without a build-id', () => {
      const object = join(folder, 'object.o')
      run('gcc', ['-c', '-o', object, join(folder, 'split.c')])
      expect(read(object)).toMatchObject({ type: 'relocatable', hasCode: false, buildId: undefined })
    })
  })

  it("throws ElfError for what is no ELF file, and the system's error for what is not there", () => {
    expect(() => read('/etc/passwd')).toThrow(ElfError)
    expect(() => read(join(folder, 'missing'))).toThrow(/ENOENT/)
  })
})
