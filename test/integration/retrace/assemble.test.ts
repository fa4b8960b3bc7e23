/** The root of a task: its names, and the folder of links for a task that has more of them than bwrap takes. */
import { existsSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Core, readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { plainPath } from '../../../src/packages/keep/debug_index.ts'
import { assemble, type Assembly, withLinkFolder } from '../../../workers/retrace/assemble.ts'
import { NO_COMPANIONS } from '../../../workers/retrace/companions.ts'
import { Deadline } from '../../../workers/retrace/time/deadline.ts'
import { matching } from '../../../workers/retrace/resolve/mismatch.ts'
import { debugCore } from '../../../workers/retrace/debug.ts'
import { engines } from '../../../workers/retrace/gdb/engines.ts'
import { Sparing } from '../../../workers/retrace/spare.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { modulesIn, WORKER_ROOT } from '../../helpers/retrace.ts'

let folder: Folder
let core: Core
let assembly: Assembly

beforeAll(async () => {
  folder = await temporaryFolder()
  const path = fixtureCore('amd64', folder.path).core
  fixtureFiles('amd64', folder.path)
  using source = fileSource(path)
  core = readCore(source)
  assembly = assemble(core, modulesIn(core, folder.path), { corePath: path, companions: NO_COMPANIONS })
})

afterAll(async () => await folder[Symbol.asyncDispose]())

describe('assemble()', () => {
  it('gives every module its names, its build-id, and the merged directories', () => {
    const links = new Map(assembly.links.map(({ path, target }) => [path, target]))
    expect(assembly.executable).toBe('/sysroot/usr/bin/crash')
    expect(links.get('/sysroot/lib')).toBe('usr/lib')
    expect(links.get('/sysroot/usr/lib/x86_64-linux-gnu/libc.so.6')).toBe('/store/0/lib/x86_64-linux-gnu/libc.so.6')
    expect(links.get('/sysroot/usr/lib64/ld-linux-x86-64.so.2')).toMatch(/^\/store\/0\/.*ld-linux-x86-64\.so\.2$/)
    expect(links.get('/dbg/.build-id/6b/9488c1a8c5467fb872a0f1a17547c04178e049.debug')).toBe('/store/0/usr/bin/crash')
  })

  it('binds the core and the package folders that are used, nothing else', () => {
    expect(assembly.binds.map(({ at }) => at)).toEqual(['/core', '/store/0'])
  })

  it('names a deleted library also as NT_FILE has it, and refuses names that leave the root', () => {
    const [module] = modulesIn(core, folder.path)
    if (module === undefined) throw new Error('The fixture has no module')
    const renamed = (path: string, deleted: boolean) => ({
      ...module,
      module: { ...module.module, path, deleted, linkName: undefined },
    })
    const modules = [renamed('/opt/x.so', true), renamed('/../../etc/passwd', false)]
    const { links } = assemble(core, modules, { corePath: '/core', companions: NO_COMPANIONS })
    const paths = links.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['/sysroot/opt/x.so', '/sysroot/opt/x.so (deleted)']))
    expect(paths.filter((path) => path.includes('passwd'))).toEqual([])
  })
})

describe('a copy of debuginfo that is not compressed', () => {
  const buildId = '0123456789abcdef0123456789abcdef01234567'
  const packageDir = () => folder.file('with-debuginfo')
  const debugAt = (path: string) => ({ path: join(packageDir(), path), buildId, packageDir: packageDir() })
  const linkOf = (debug: ReturnType<typeof debugAt>) => {
    const [module] = modulesIn(core, folder.path)
    if (module === undefined) throw new Error('The fixture has no module')
    const { links } = assemble(core, [{ ...module, debug: matching(buildId, debug) }], {
      corePath: '/core',
      companions: NO_COMPANIONS,
    })
    return links.find(({ path }) => path === `/dbg/.build-id/01/${buildId.slice(2)}.debug`)?.target
  }

  it('is what a debugger sees in its place; an empty one, and a folder of that name, are none', () => {
    const copy = join(packageDir(), plainPath(buildId))
    mkdirSync(dirname(copy), { recursive: true })
    expect(linkOf(debugAt('x.debug'))).toBe('/store/1/x.debug')
    writeFileSync(copy, '')
    expect(linkOf(debugAt('x.debug'))).toBe('/store/1/x.debug')
    writeFileSync(copy, 'not compressed')
    expect(linkOf(debugAt('x.debug'))).toBe(`/store/1${plainPath(buildId)}`)
    rmSync(copy)
    mkdirSync(copy)
    expect(linkOf(debugAt('x.debug'))).toBe('/store/1/x.debug')
  })
})

describe('withLinkFolder()', () => {
  it('leaves a task with few links alone', () => {
    expect(withLinkFolder(assembly, folder.file('unused'))).toBe(assembly)
    expect(existsSync(folder.file('unused'))).toBe(false)
  })

  it('gives gdb the same root when there are more links than bwrap takes', async () => {
    const more = Array.from(
      { length: 3000 },
      (_, n) => ({ path: `/sysroot/opt/${n}.so`, target: '/store/0/usr/bin/crash' }),
    )
    const large = withLinkFolder({ ...assembly, links: [...assembly.links, ...more] }, folder.file('links'))
    expect(large.links).toEqual([])
    expect(readlinkSync(folder.file('links', 'sysroot', 'opt', '2999.so'))).toBe('/store/0/usr/bin/crash')
    const debugged = await debugCore(core, () => large, {
      config: { taskMemoryMb: 4096, taskTimeoutS: 60, maxBacktraceKb: 16_384 },
      deadline: new Deadline(60_000),
      engines: engines('/nonexistent'),
      root: WORKER_ROOT,
      signal: new AbortController().signal,
      cgroups: undefined,
      processorsToSpare: () => 0,
      sparing: new Sparing(core, folder.file('core'), []),
      say: () => undefined,
      onCrashed: () => undefined,
    })
    await debugged.closed
    expect(debugged.conversation?.threads[0]?.frames[0]?.function).toBe('level3')
    expect(debugged.conversation?.libraries).toContain('/sysroot/lib/x86_64-linux-gnu/libc.so.6')
  })
})
