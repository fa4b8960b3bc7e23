import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from '../packages/world.ts'

const PROGRAM = join(installationRoot(), 'ops/bin/abrt-reposync')

/** Runs the program with a umask that takes everything from everybody else. */
async function run({ environment }: World, args: string[] = [], more: Record<string, string> = {}) {
  const child = spawn('/bin/sh', ['-c', 'umask 077; exec "$0" "$@"', PROGRAM, ...args], {
    env: { PATH: env.PATH, ...environment, ...more },
    cwd: '/',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output += text)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output }
}

async function worldOfOne(): Promise<World> {
  const world = await makeWorld()
  const tool = makeElf(world.folder.path, 'tool', { source: 'int tool(void) { return 1; }' })
  world.repository.add({ name: 'tool', version: '1', files: { '/usr/lib/x/libtool.so': { copy: tool.binary } } })
  world.repository.publish()
  return world
}

/** The modes of all files and folders below a folder. */
function modesBelow(root: string): { folders: Set<string>; files: Set<string> } {
  const modes = { folders: new Set<string>(), files: new Set<string>() }
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const mode = (statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)
    modes[entry.isDirectory() ? 'folders' : 'files'].add(mode)
  }
  return modes
}

// What needs `ops/lib/build`: ops/test builds first.
const isBuilt = existsSync(join(installationRoot(), 'dist/bundle/abrt-reposync.js'))

describe.skipIf(!isBuilt)('abrt-reposync, with what an administrator can get wrong', () => {
  it('keeps files and folders that the server can read, whatever the umask', async () => {
    await using world = await worldOfOne()
    world.configure({ 'X-Retrace-Fetch': 'full' })
    expect(await run(world)).toMatchObject({ code: 0 })
    const { repoDir } = world.config
    expect(existsSync(join(repoDir, 'debian-12-amd64/tool_1_amd64/usr/lib/x/libtool.so'))).toBe(true)
    expect(statSync(repoDir).mode & 0o777).toBe(0o755)
    expect(modesBelow(repoDir)).toEqual({ folders: new Set(['755']), files: new Set(['644']) })
  })

  it('names an auth.conf that cannot be read, and goes on', async () => {
    await using world = await worldOfOne()
    const file = world.folder.file('repos.d/auth.conf')
    symlinkSync(file, file)
    const { code, output } = await run(world)
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(output).toContain(`${file} is not used: it cannot be read (ELOOP)`)
  })

  it('names a repository file that cannot be read', async () => {
    await using world = await worldOfOne()
    mkdirSync(world.folder.file('repos.d/other.sources'))
    const { code, output } = await run(world)
    expect(code).toBe(2)
    expect(output).toBe(`abrt-reposync: ${world.folder.file('repos.d/other.sources')} cannot be read (EISDIR)\n`)
  })

  it('names a key ring that is none', async () => {
    await using world = await worldOfOne()
    writeFileSync(world.folder.file('keys'), 'root:x:0:0:root:/root:/bin/bash\n')
    world.configure({ 'Signed-By': world.folder.file('keys') })
    const { code, output } = await run(world)
    expect(code).toBe(1)
    expect(output).toContain(`The key ring ${world.folder.file('keys')} holds no OpenPGP key`)
  })

  it('says that nothing feeds a release of --release, whatever it is asked to do', async () => {
    await using world = await worldOfOne()
    const sentence = '--release debian: no repository feeds such a release; '
    expect(await run(world, ['--status', '--release', 'debian'])).toEqual({
      code: 2,
      output: `abrt-reposync: ${sentence}none is known yet\n`,
    })
    for (const action of [['--dry-run'], [], ['--status'], ['--verify']]) {
      const { code, output } = await run(world, [...action, '--release', 'debian'])
      expect({ action, code }).toEqual({ action, code: 2 })
      if (action.length === 0) expect(await world.sync()).toBe(0)
      else if (action[0] !== '--dry-run') expect(output).toContain(`${sentence}known are debian-12-amd64`)
      expect((await run(world, [...action, '--release', 'debian-12', '--release', 'debian-12-amd64'])).code).toBe(0)
    }
  })

  it('names suites that never came in --status', async () => {
    await using world = await worldOfOne()
    world.server.fault('InRelease', 'error')
    expect(await world.sync()).toBe(1)
    const { code, output } = await run(world, ['--status'])
    expect(code).toBe(0)
    expect(output).toContain(`(${world.folder.file('repos.d/test.sources')}:1) was never synced`)
    world.server.fault('InRelease', undefined)
    expect(await world.sync()).toBe(0)
    expect((await run(world, ['--status'])).output).not.toContain('never')
  })

  it('names a RETRACE_REPO_DIR that cannot be written to', async () => {
    await using world = await worldOfOne()
    writeFileSync(world.folder.file('plain'), '')
    const repoDir = world.folder.file('plain/repo')
    expect(await run(world, [], { RETRACE_REPO_DIR: repoDir })).toEqual({
      code: 2,
      output: `abrt-reposync: RETRACE_REPO_DIR is ${repoDir}, which cannot be written to (ENOTDIR)\n`,
    })
  })
})
