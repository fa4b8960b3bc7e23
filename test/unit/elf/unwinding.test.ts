/** UnwindTables against what readelf lists: of files of this system, and of the programs and libraries of seven architectures. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { bytesSource, fileSource } from '../../../src/elf/source.ts'
import { UnwindTables } from '../../../src/elf/unwinding.ts'
import { compile, fixtureFiles, run } from '../../helpers/cores.ts'

const folder = mkdtempSync(join(tmpdir(), 'unwinding-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** From where to where readelf says that a file has entries, by address. */
function listed(path: string): [bigint, bigint][] {
  const { text } = run('sh', ['-c', 'readelf -W --debug-dump=frames "$0" 2>/dev/null || :', path])
  const ranges = [...text.matchAll(/ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/g)]
    .map(([, from, to]): [bigint, bigint] => [BigInt(`0x${from}`), BigInt(`0x${to}`)])
  return ranges.filter(([from, to]) => from < to).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Addresses that are wrongly said to have, or to lack, an entry. */
function wrong(path: string, ranges: [bigint, bigint][]): string[] {
  using source = fileSource(path)
  const tables = new UnwindTables(source)
  let end = ranges[0]?.[0] ?? 0n
  return ranges.flatMap(([from, to]) => {
    const gap = from > end ? [end, from - 1n] : []
    if (to > end) end = to
    return [
      ...[from, to - 1n].filter((address) => !tables.covers(address)).map((address) => `lacks ${address.toString(16)}`),
      ...gap.filter((address) => tables.covers(address)).map((address) => `has ${address.toString(16)}`),
    ]
  })
}

describe('UnwindTables', () => {
  it.each(['/usr/bin/python3.11', '/bin/bash', '/lib/x86_64-linux-gnu/libc.so.6'])(
    'covers what readelf lists of %s, and nothing between',
    (path) => {
      const ranges = listed(path)
      expect(ranges.length).toBeGreaterThan(1000)
      expect(wrong(path, ranges)).toEqual([])
    },
  )

  it.each(ARCHITECTURES.map(({ name }) => name))('covers what readelf lists of the files of %s', (architecture) => {
    const root = join(folder, architecture)
    mkdirSync(root)
    fixtureFiles(architecture, root)
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
      .filter((path) => statSync(path).isFile() && readFileSync(path).subarray(0, 4).toString('latin1') === '\x7fELF')
    expect(files.length).toBeGreaterThan(2)
    for (const path of files) {
      const ranges = listed(path)
      // Of armhf an index table tells the rest.
      const found = wrong(path, ranges).filter((each) => architecture !== 'armhf' || each.startsWith('lacks'))
      expect([path, found]).toEqual([path, []])
    }
  })

  it("reads armhf's index table: a function that cannot be unwound has no entry", () => {
    const root = join(folder, 'index')
    mkdirSync(root)
    fixtureFiles('armhf', root)
    const path = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name))
      .find((each) => /libc\.so\.6$/.test(each)) ?? ''
    const { text } = run('sh', ['-c', 'readelf -W -u "$0" 2>/dev/null || :', path])
    const entries = [...text.matchAll(/^0x([0-9a-f]+).*: (.*)$/gm)]
    const [can, cannot] = [
      entries.filter(([, , how]) => !how?.includes('cantunwind')),
      entries.filter(([, , how]) => how?.includes('cantunwind')),
    ]
    expect([can.length > 100, cannot.length > 0]).toEqual([true, true])
    using source = fileSource(path)
    const tables = new UnwindTables(source)
    const covers = ([, at]: RegExpMatchArray) => tables.covers(BigInt(`0x${at}`))
    expect(can.filter((each) => !covers(each))).toEqual([])
    expect(cannot.filter(covers)).toEqual([])
  })

  const source = 'int lone(int a) { return a + 1; }\nint main(void) { return lone(2); }\n'
  it.each([
    ['no table at all', ['-fno-asynchronous-unwind-tables', '-g0'], false],
    ['.eh_frame', [], true],
    ['.eh_frame without its sorted table', ['-Wl,--no-eh-frame-hdr'], true],
    ['.debug_frame alone', ['-fno-asynchronous-unwind-tables'], true],
    ['.debug_frame that is packed', ['-fno-asynchronous-unwind-tables', '-gz'], true],
    ['entries of 64-bit DWARF', ['-fno-asynchronous-unwind-tables', '-gdwarf64'], true],
    ['no position-independent code', ['-no-pie'], true],
  ])('of a function with %s', (name, options, isCovered) => {
    const path = compile(folder, `${name.replaceAll(' ', '-')}.c`, source, ['-fno-inline', '-O0', ...options])
    const at = /([0-9a-f]+) T lone/.exec(run('nm', [path]).text)?.[1]
    using file = fileSource(path)
    expect(new UnwindTables(file).covers(BigInt(`0x${at}`))).toBe(isCovered)
  })

  it('survives every cut and a thousand changed bytes of a small file', () => {
    const path = compile(folder, 'small.c', source)
    const bytes = new Uint8Array(readFileSync(path))
    let seed = 1
    const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below
    const frames = bytes.length > 0 ? run('sh', ['-c', 'readelf -SW "$0"', path]).text : ''
    const at = parseInt(/ \.eh_frame_hdr +\S+ +\S+ ([0-9a-f]+)/.exec(frames)?.[1] ?? '0', 16)
    for (let time = 0; time < 1000; time++) {
      const changed = bytes.slice(0, time % 3 === 0 ? 64 + random(bytes.length - 64) : bytes.length)
      for (let i = 0; i < 4; i++) changed[at + random(0x200)] = random(256)
      writeFileSync(join(folder, 'changed'), changed)
      try {
        new UnwindTables(bytesSource(changed)).covers(0x1139n)
      } catch (error) {
        expect(error).toHaveProperty('name', 'ElfError')
      }
    }
  })
})
