/** Programs and libraries that were made without a build-id: their debuginfo is known by name and checksum alone. */
import { mkdirSync, renameSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { type Resolution, resolveModules } from '../../../workers/retrace/resolve/resolve.ts'
import { compile, crash, run } from '../../helpers/cores.ts'
import { retraceIn } from '../../helpers/retrace.ts'
import { makeWorld, type World } from '../packages/world.ts'

const LIBRARY = 'int inner(int *p, int depth) { return *p + depth; }\n'
const PROGRAM = `
int inner(int *p, int depth);
static int __attribute__((noinline)) outer(int depth) { return inner((int *)8, depth) + 1; }
int main(int count, char **words) { (void)words; return outer(count + 1); }
`
const WITHOUT_ID = ['-Wl,--build-id=none', '-fno-inline', '-O1']

interface Parted {
  /** Stripped, with the name and checksum of the other. */
  path: string
  debug: string
}

function parted(path: string): Parted {
  const debug = `${path}.debug`
  run('objcopy', ['--only-keep-debug', path, debug])
  run('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, path])
  return { path, debug }
}

function crashed(world: World) {
  const { folder } = world
  mkdirSync(folder.file('made'))
  compile(folder.file('made'), 'libinner.so.c', LIBRARY, [...WITHOUT_ID, '-shared', '-fPIC'])
  const library = folder.file('made', 'libinner.so')
  const program = compile(folder.file('made'), 'demo.c', PROGRAM, [...WITHOUT_ID, library])
  const files = [library, program].map(parted)
  return { files, core: crash(folder.path, program) }
}

async function resolved(world: World, corePath: string): Promise<Resolution> {
  world.repository.publish()
  await world.sync()
  using uses = new PackageUses(world.database, 60)
  using source = fileSource(corePath)
  return await resolveModules(readCore(source), { release: 'debian-12', packages: ['demo_1-1_amd64'] }, {
    config: world.config,
    database: world.database,
    uses,
    say: () => undefined,
    signal: AbortSignal.timeout(20_000),
  })
}

function filesOf(files: Parted[], part: keyof Parted, folder = '') {
  return Object.fromEntries(files.map(({ path, ...rest }) => [
    `${folder}${path}${part === 'debug' ? '.debug' : ''}`,
    { copy: part === 'debug' ? rest.debug : path },
  ]))
}

it.each([
  ['below /usr/lib/debug', '/usr/lib/debug'],
  ['in a folder of another name', '/usr/lib/debug/elsewhere'],
])('finds the debug file of a program and of a library by .gnu_debuglink %s, and gdb takes it', async (_, folder) => {
  await using world = await makeWorld({ environment: { RETRACE_DECOMPRESS_DEBUG: '1' } })
  const { files, core } = crashed(world)
  world.repository.add({ name: 'demo', source: 'demo', version: '1-1', files: filesOf(files, 'path') })
  world.repository.add({ name: 'demo-dbg', source: 'demo', version: '1-1', files: filesOf(files, 'debug', folder) })
  const { modules } = await resolved(world, core)
  const { json, report } = await retraceIn(core, world.folder.path, { modules })
  expect(json.threads[0]?.frames.slice(0, 3).map((each) => [each.function, basename(each.file ?? ''), each.line]))
    .toEqual([
      ['inner', 'libinner.so.c', 1],
      ['outer', 'demo.c', 3],
      ['main', 'demo.c', 4],
    ])
  expect(json.threads[0]?.frames[0]?.trust).toBe('by-path')
  expect(report.outcome.summary).toContain('taken by its path')
})

it('takes no debug file of another checksum, and says so', async () => {
  await using world = await makeWorld()
  const { files, core } = crashed(world)
  for (const { path, debug } of files) {
    const other = compile(world.folder.path, `${basename(path)}.other.c`, 'int main(void) { return 3; }', WITHOUT_ID)
    run('objcopy', ['--only-keep-debug', other])
    renameSync(other, debug)
  }
  world.repository.add({ name: 'demo', source: 'demo', version: '1-1', files: filesOf(files, 'path') })
  world.repository.add({
    name: 'demo-dbg',
    source: 'demo',
    version: '1-1',
    files: filesOf(files, 'debug', '/usr/lib/debug'),
  })
  const { modules } = await resolved(world, core)
  const own = modules.filter(({ module }) => files.some(({ path }) => path === module.path))
  expect(own.map(({ debug }) => debug)).toEqual([undefined, undefined])
  for (const { tried } of own) expect(tried.join()).toContain('with another checksum than the file asks for')
})

it('takes a program that was not stripped as its own debuginfo', async () => {
  await using world = await makeWorld()
  const program = compile(world.folder.path, 'whole.c', LIBRARY + PROGRAM, WITHOUT_ID)
  const core = crash(world.folder.path, program)
  world.repository.add({ name: 'demo', source: 'demo', version: '1-1', files: { [program]: { copy: program } } })
  const { modules } = await resolved(world, core)
  const { json } = await retraceIn(core, world.folder.path, { modules })
  expect(json.threads[0]?.frames.slice(0, 3).map((each) => each.function)).toEqual(['inner', 'outer', 'main'])
})
