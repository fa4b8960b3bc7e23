import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import { describe, expect, it } from 'vitest'
import { companionsOf } from '../../../workers/retrace/companions.ts'
import type { ResolvedModule } from '../../../workers/retrace/resolve/resolve.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('companionsOf()', () => {
  it('has printers loaded where other debuginfo than that of the C library is here, whose types no printer is for', async () => {
    await using folder = await temporaryFolder()
    const printers = folder.file('libstdc++6', 'usr/share/gcc/python/libstdcxx/v6/printers.py')
    mkdirSync(dirname(printers), { recursive: true })
    writeFileSync(printers, '')
    const module = (path: string, name: string, debug?: string) =>
      ({
        module: { path },
        binary: { path: join(folder.path, name, path), packageDir: folder.file(name) },
        debug: debug === undefined
          ? undefined
          : { path: folder.file(debug, 'a.debug'), packageDir: folder.file(debug) },
      }) as ResolvedModule
    const library = module('/usr/lib/x86_64-linux-gnu/libstdc++.so.6', 'libstdc++6')
    const libc = module('/usr/lib/x86_64-linux-gnu/libc.so.6', 'libc6', 'libc6-dbg')
    const loader = module('/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', 'libc6', 'libc6-dbg')
    const program = module('/usr/bin/shop', 'shop', 'shop-dbgsym')
    const names = (...modules: ResolvedModule[]) =>
      companionsOf({ architecture: 'amd64' }, modules).printers.map(({ name }) => name)
    expect(names(library, libc, loader)).toEqual([])
    expect(names(library, module('/usr/bin/shop', 'shop'))).toEqual([])
    expect(names(library, libc, loader, program)).toEqual(['libstdc++'])
    expect(names(library, program)).toEqual(['libstdc++'])
    const linked = (path: string) =>
      ({ ...program, binary: { path, packageDir: folder.file('shop') } }) as ResolvedModule
    expect(names(library, libc, linked(execPath))).toEqual(['libstdc++'])
    expect(names(library, libc, linked('/usr/bin/true'))).toEqual([])
    expect(names(library, libc, linked('/usr/bin/true'), linked(execPath))).toEqual(['libstdc++'])
    const source = folder.file('shop.cc')
    writeFileSync(
      source,
      '#include <string>\nint main(int count, char **words) { return std::string(words[0]).size() + count; }\n',
    )
    execFileSync('g++', ['-static-libstdc++', '-static-libgcc', '-o', folder.file('within'), source])
    expect(names(library, libc, linked(folder.file('within')))).toEqual(['libstdc++'])
    expect(names(library, ...Array(9).fill(linked('/usr/bin/true')))).toEqual(['libstdc++'])
  })
})
