import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot, version } from '../../../src/program/program.ts'
import { makeWorld, type World } from '../packages/world.ts'

const PROGRAM = join(installationRoot(), 'ops/bin/abrt-reposync')

async function run(args: string[], environment: Record<string, string> = {}) {
  const child = spawn(PROGRAM, args, { env: { PATH: env.PATH, ...environment }, cwd: '/' })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => stdout += text)
  child.stderr.setEncoding('utf8').on('data', (text) => stderr += text)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, stderr }
}

async function worldWithTool(): Promise<World> {
  const world = await makeWorld()
  world.repository.add({ name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } })
  world.repository.publish()
  return world
}

// What needs `ops/lib/build`: ops/test builds first.
describe.skipIf(!existsSync(join(installationRoot(), 'dist/bundle/abrt-reposync.js')))('ops/bin/abrt-reposync', () => {
  it('answers --version and --help', () => {
    expect(spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: `abrt-reposync ${version()}\n`,
    })
    const { status, stdout } = spawnSync(PROGRAM, ['--help'], { encoding: 'utf8' })
    expect(status).toBe(0)
    for (const word of ['--dry-run', '--release', '--status', '--verify', 'RETRACE_REPOS_D']) {
      expect(stdout).toContain(word)
    }
  })

  it.each([
    [['--nonsense'], {}, "Unknown option '--nonsense'"],
    [['--status', '--verify'], {}, 'Give one of --status and --verify'],
    [[], { RETRACE_REPO_DIR: 'relative' }, 'RETRACE_REPO_DIR'],
    [[], { RETRACE_REPOS_D: '/nonexistent' }, 'RETRACE_REPOS_D is /nonexistent'],
  ])('ends with 2 and a sentence for %j %j', async (args, settings, sentence) => {
    await using world = await makeWorld()
    const { code, stderr } = await run(args, { ...world.environment, ...settings })
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
  })

  it('syncs, says what it does, and shows the status', async () => {
    await using world = await worldWithTool()
    const first = await run([], world.environment)
    expect(first.code).toBe(0)
    expect(first.stderr).toMatch(
      /bookworm main amd64 -> debian-12-amd64: 1 package \(1 new, 0 gone\), 1 new path, \d/,
    )
    expect(first.stdout).toMatch(/^debian-12-amd64: 1 package in 1 index.*\n1 suite synced in [\d.]+ s\n$/s)
    const second = await run(['--verbose'], world.environment)
    expect(second.stderr).toContain('unchanged, 1 package')
    expect(second.stdout).toMatch(/1 suite synced/)
    expect(await run([], world.environment)).toEqual({ code: 0, stdout: '', stderr: '' })
    const { stdout } = await run(['--status'], world.environment)
    expect(stdout).toMatch(/^RELEASE +KNOWN +HERE .*\ndebian-12-amd64 +1 +0 /)
    expect(readdirSync(world.config.repoDir)).toEqual(['.metadata'])
  })

  it('ends with 1 when a suite fails, and syncs the others all the same', async () => {
    await using world = await worldWithTool()
    const missing = world.repository.sources(world.server.url, { Suites: 'nothing' })
    writeFileSync(world.folder.file('repos.d/0.sources'), missing)
    const { code, stdout, stderr } = await run([], world.environment)
    expect(code).toBe(1)
    expect(stderr).toContain('nothing of 127.0.0.1')
    expect(stdout).toContain('1 suite failed')
    expect(world.row('tool').version).toBe('1.0-1')
  })

  it('names file and line of a contradiction', async () => {
    await using world = await worldWithTool()
    const other = world.repository.sources(world.server.url, { 'X-Retrace-Release': 'debian-13' })
    writeFileSync(world.folder.file('repos.d/0.sources'), other)
    const { code, stderr } = await run([], world.environment)
    expect(code).toBe(2)
    expect(stderr).toContain('test.sources:1: the suite bookworm is in')
    expect(stderr).toContain('with another X-Retrace-Release')
  })

  it.each(['InRelease', 'Packages', 'Contents', 'the commit'])(
    'killed at %s, leaves the old state whole, and the next run goes on',
    async (point) => {
      await using world = await worldWithTool()
      expect((await run([], world.environment)).code).toBe(0)
      for (let n = 0; n < 300; n++) {
        world.repository.take(
          { name: `new${n}`, version: '1', files: { [`/usr/bin/n${n}`]: { bytes: '' } } },
          'pool/tool_1.0-1_amd64.deb',
          `pool/${n}`,
        )
      }
      world.repository.publish({ date: new Date(Date.now() + 5000) })
      const stalled = point === 'the commit'
        ? []
        : point === 'InRelease'
        ? [point]
        : [`${point}.xz`, `${point}.gz`, `${point}-amd64.gz`]
      for (const ending of stalled) world.server.fault(ending, 'stalls')
      world.server.requests.length = 0
      const child = spawn(PROGRAM, [], { env: { PATH: env.PATH, ...world.environment }, stdio: 'ignore' })
      const closed = new Promise((resolve) => child.on('close', resolve))
      await waitFor(() =>
        world.server.requests.some((path) => path.includes(point === 'the commit' ? 'Contents' : point))
      )
      // At the commit: somewhere in the milliseconds after the last index came.
      if (point === 'the commit') await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      child.kill('SIGKILL')
      await closed
      const known = () => world.database.$client.prepare('SELECT count(*) FROM package').pluck().get()
      expect([1, 301]).toContain(known())
      if (point !== 'the commit') expect(known()).toBe(1)
      for (const ending of stalled) world.server.fault(ending, undefined)
      expect((await run([], world.environment)).code).toBe(0)
      expect(known()).toBe(301)
      expect(readdirSync(world.config.repoDir)).toEqual(['.metadata'])
    },
  )

  it('abrt-reposync has nothing to do without repositories', async () => {
    await using world = await makeWorld()
    rmSync(world.folder.file('repos.d/test.sources'))
    const { code, stdout } = await run([], world.environment)
    expect(code).toBe(0)
    expect(stdout).toContain('No repository is configured')
  })
})

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 800 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 50))
  if (!condition()) throw new Error('Expected it within 40 s')
}
