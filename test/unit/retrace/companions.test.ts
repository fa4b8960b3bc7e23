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

  it('has printers loaded of a library that files with debuginfo are linked with, by others or themselves', async () => {
    await using folder = await temporaryFolder()
    const printers = folder.file('glib', 'usr/share/glib-2.0/gdb/glib_gdb.py')
    mkdirSync(dirname(printers), { recursive: true })
    writeFileSync(printers, '')
    const linked = (name: string, ...others: string[]) => {
      const words = ['-shared', '-nostdlib', '-Wl,--no-as-needed', `-Wl,-soname,${name}`, '-o', folder.file(name)]
      execFileSync('gcc', [
        ...words,
        '-x',
        'c',
        '/dev/null',
        ...['-x', 'none'],
        ...others.map((each) => folder.file(each)),
      ])
      return ({
        module: { path: `/usr/lib/${name}.7`, linkName: `/lib/${name}` },
        binary: { path: folder.file(name), packageDir: folder.file(name.startsWith('libglib') ? 'glib' : name) },
        debug: undefined,
      }) as unknown as ResolvedModule
    }
    const [glib, gtk, xdmcp] = [
      linked('libglib-2.0.so.0'),
      linked('libgtk.so', 'libglib-2.0.so.0'),
      linked('libxdmcp.so'),
    ]
    const viewer = linked('viewer.so', 'libgtk.so', 'libxdmcp.so')
    const withDebuginfo = (each: ResolvedModule) =>
      ({ ...each, debug: { path: '/debug', packageDir: '/dbg' } }) as unknown as ResolvedModule
    const names = (...modules: ResolvedModule[]) =>
      companionsOf({ architecture: 'amd64' }, modules).printers.map(({ name }) => name)
    expect(names(glib, gtk, viewer, xdmcp)).toEqual([])
    expect(names(glib, gtk, viewer, withDebuginfo(xdmcp))).toEqual([])
    expect(names(glib, gtk, withDebuginfo(viewer), xdmcp)).toEqual(['glib'])
    expect(names(glib, withDebuginfo(gtk), viewer, xdmcp)).toEqual(['glib'])
    expect(names(withDebuginfo(glib), gtk, viewer, xdmcp)).toEqual(['glib'])
    const unread = { ...gtk, binary: { ...gtk.binary, path: folder.file('nothing') } } as ResolvedModule
    expect(names(glib, unread, withDebuginfo(viewer), xdmcp)).toEqual(['glib'])
  })
})
