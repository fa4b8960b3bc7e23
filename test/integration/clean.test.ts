import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { installationRoot } from '../../src/program/program.ts'
import { takeLock } from '../../src/spool/server_lock.ts'
import { countedTask, crashCount, packageTime, release } from '../../schema/tables.ts'
import { findLeftOvers } from '../../workers/clean/left_overs.ts'
import { isWorthVacuum } from '../../workers/clean/compact.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { eventually } from '../helpers/task.ts'

const DAY_MS = 86_400_000

/** A spool with a database, and the program run on it. */
async function world() {
  const folder = await temporaryFolder()
  for (const name of ['spool', 'repo']) mkdirSync(folder.file(name), { mode: 0o700 })
  const database = folder.file('retrace.db')
  openDatabase(database, { migrate: true }).$client.close()
  const run = async (...given: (string | Record<string, string>)[]) => {
    const args = given.filter((each) => typeof each === 'string')
    const settings = {
      RETRACE_SPOOL_DIR: folder.file('spool'),
      RETRACE_REPO_DIR: folder.file('repo'),
      RETRACE_DATABASE: database,
      RETRACE_REPOS_D: folder.file('repos.d'),
      ...Object.assign({}, ...given.filter((each) => typeof each !== 'string')),
    }
    const ended = await promisify(execFile)(join(installationRoot(), 'ops', 'bin', 'abrt-retrace-clean'), args, {
      env: { PATH: env.PATH, ...settings },
      timeout: 60_000,
    }).then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }))
      .catch((error: { code: number; stdout: string; stderr: string }) => error)
    return { code: ended.code, stdout: ended.stdout, stderr: ended.stderr }
  }
  return { folder, database, run, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

function task(
  folder: Folder,
  id: number,
  { days, ...files }: { days: number } & Record<string, string | number>,
): string {
  const directory = folder.file('spool', String(id))
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, 'password'), 'secret')
  writeFileSync(join(directory, 'created'), `${new Date(Date.now() - days * DAY_MS).toISOString()}\n`)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), String(text))
  return directory
}

const ENDED = { 'retrace-log': 'the log', 'backtrace': 'Thread 1' }

describe('abrt-retrace-clean', () => {
  it('prints nothing where nothing is to be deleted, and says so when asked', async () => {
    await using at = await world()
    task(at.folder, 1, { days: 1, ...ENDED })
    expect(await at.run()).toEqual({ code: 0, stdout: '', stderr: '' })
    for (const option of ['--verbose', '-v', '--dry-run']) {
      expect((await at.run(option)).stdout).toMatch(/0 tasks/)
    }
  })

  it('needs no database, makes none, and names a spool that is not there', async () => {
    await using at = await world()
    rmSync(at.database)
    expect(await at.run()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(existsSync(at.database)).toBe(false)
    rmSync(at.folder.file('spool'), { recursive: true })
    expect(await at.run()).toMatchObject({ code: 2, stderr: expect.stringContaining('RETRACE_SPOOL_DIR (') })
  })

  it('needs no folder of a database', async () => {
    await using at = await world()
    expect(await at.run({ RETRACE_DATABASE: at.folder.file('nowhere', 'retrace.db') }))
      .toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('lists a task of the future with the age 0', async () => {
    await using at = await world()
    task(at.folder, 1, { days: -3, ...ENDED })
    expect((await at.run('--list')).stdout).toMatch(/^1 +0 h +success/m)
    expect(JSON.parse((await at.run('--list', '--json')).stdout).tasks[0].age_days).toBe(0)
  })

  it('deletes what was created more than RETRACE_DELETE_AFTER_DAYS days ago, and nothing younger', async () => {
    await using at = await world()
    const old = task(at.folder, 1, { days: 5.01, ...ENDED })
    const young = task(at.folder, 2, { days: 4.99, ...ENDED })
    // The creation time decides, not when the directory was written to.
    utimesSync(young, 0, 0)
    const ended = await at.run()
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toMatch(/^Deleted 1 task \(0\.0 MB\), 0 left-overs/)
    expect([existsSync(old), existsSync(young)]).toEqual([false, true])
  })

  it('deletes nothing in a dry run and names the same tasks', async () => {
    await using at = await world()
    const old = task(at.folder, 7, { days: 9, ...ENDED })
    expect((await at.run('--dry-run')).stdout).toMatch(/^Would delete 1 task /)
    expect(existsSync(old)).toBe(true)
    expect(JSON.parse((await at.run('--json')).stdout).tasks.deleted).toEqual(['7'])
    expect(existsSync(old)).toBe(false)
  })

  it('never deletes a task that a process works on', async () => {
    await using at = await world()
    const busy = task(at.folder, 1, { days: 50 })
    const log = openSync(join(busy, 'worker.log'), 'a')
    // As the server starts it: the leader of a group of its own.
    const worker = spawn('sleep', ['60'], { stdio: ['ignore', log, log], detached: true })
    try {
      const ended = await at.run()
      expect(ended.stdout).toMatch(/task 1 stays: it runs/)
      expect(existsSync(busy)).toBe(true)
      expect((await at.run('--list')).stdout).toMatch(/^1 +50 days +running/m)
      const named = await at.run('1')
      expect(named.code).toBe(1)
      expect(named.stderr).toMatch(/task 1 stays: it runs; to stop it, send DELETE/)
    } finally {
      worker.kill('SIGKILL')
      await once(worker, 'exit')
    }
    expect(JSON.parse((await at.run('--json')).stdout).tasks.deleted).toEqual([])
  }, 30_000)

  it('kills what a worker left behind that died with its server', async () => {
    await using at = await world()
    const directory = task(at.folder, 1, { days: 0 })
    const log = openSync(join(directory, 'worker.log'), 'a')
    // A group whose leader starts another process and ends, as a worker does that is killed alone.
    const leader = spawn('sh', ['-c', 'sleep 1000 & echo $!'], { stdio: ['ignore', 'pipe', log], detached: true })
    const [line] = await once(leader.stdout ?? leader, 'data')
    const orphan = String(line).trim()
    await once(leader, 'exit')
    expect(existsSync(`/proc/${orphan}`)).toBe(true)
    expect((await at.run()).stdout).toMatch(/1 orphaned process\b/)
    await eventually(() =>
      !existsSync(`/proc/${orphan}`) || /\) Z /.test(readFileSync(`/proc/${orphan}/stat`, 'latin1'))
    )
  })

  it('keeps a task that a running server has yet to run, and deletes it when no server runs', async () => {
    await using at = await world()
    const waiting = task(at.folder, 1, { days: 50 })
    {
      using _server = takeLock({ database: at.database })
      expect((await at.run()).stdout).toMatch(/task 1 stays: the server has yet to run it/)
      expect(existsSync(waiting)).toBe(true)
    }
    expect((await at.run()).stdout).toMatch(/^Deleted 1 task /)
  })

  it('deletes the named tasks only, whatever their age, and says which there are none of', async () => {
    await using at = await world()
    const [young, old] = [task(at.folder, 1, { days: 0, ...ENDED }), task(at.folder, 2, { days: 50, ...ENDED })]
    const ended = await at.run('1', '99')
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/there is no task 99/)
    expect([existsSync(young), existsSync(old)]).toEqual([false, true])
    expect((await at.run('1a')).code).toBe(2)
  })

  it('removes what dead uploads and cut removals left, not what a living process makes', async () => {
    await using at = await world()
    const dead = at.folder.file('spool', 'upload-999999999-1-abcdef')
    const removal = at.folder.file('spool', 'removed-3-abcdef')
    for (const directory of [dead, removal]) mkdirSync(directory)
    writeFileSync(join(dead, 'coredump'), 'x'.repeat(2 ** 20))
    const start = readFileSync('/proc/1/stat', 'latin1')
    const ticks = start.slice(start.lastIndexOf(')') + 2).split(' ')[19]
    const alive = at.folder.file('spool', `upload-1-${ticks}-abcdef`)
    mkdirSync(alive)
    const freed = JSON.parse((await at.run('--json')).stdout)
    // The removal began a moment ago: whoever began it may be at it still.
    expect(freed.left_overs.deleted).toBe(1)
    // A folder itself takes room, or none, as in a tmpfs.
    expect(freed.left_overs.bytes).toBeGreaterThanOrEqual(2 ** 20)
    expect([existsSync(dead), existsSync(alive), existsSync(removal)]).toEqual([false, true, true])
  })

  it('leaves an upload in parts to its server for as long as it may take, and a minute', async () => {
    await using at = await world()
    mkdirSync(at.folder.file('spool', `partial-${'0a'.repeat(16)}`))
    const config = { spoolDir: at.folder.file('spool'), uploadLifeS: 3600 }
    const found = async (seconds: number) =>
      (await findLeftOvers(config, new Date(Date.now() + seconds * 1000))).filter(({ path }) =>
        path.includes('partial-')
      )
    expect(await found(3600)).toEqual([])
    expect(await found(3670)).toHaveLength(1)
  })

  it('removes the cores of ended tasks and what killed runs left in them, and leaves a task that runs alone', async () => {
    await using at = await world()
    const left = {
      'coredump': 'x'.repeat(2 ** 20),
      'step': 'debug',
      'outcome.json.partial': '{',
      'backtrace.new': '#0',
    }
    const ended = task(at.folder, 1, { days: 0, ...ENDED, ...left })
    const waiting = task(at.folder, 2, { days: 0, ...left })
    expect(JSON.parse((await at.run('--json', '--dry-run')).stdout).left_overs).toMatchObject({ deleted: 1 })
    const freed = JSON.parse((await at.run('--json')).stdout).left_overs
    expect(freed).toMatchObject({ deleted: 1 })
    expect(freed.bytes).toBeGreaterThan(2 ** 20)
    expect(readdirSync(ended).sort()).toEqual(['backtrace', 'created', 'password', 'retrace-log'])
    expect(readdirSync(waiting).sort()).toEqual([...Object.keys(left), 'created', 'password'].sort())
  })

  it('deletes counts of crashes that are older than RETRACE_STATISTICS_DAYS, and forgets tasks that are gone', async () => {
    await using at = await world()
    const database = openDatabase(at.database)
    const hour = (days: number) => Math.floor((Date.now() / 1000 - days * 86_400) / 3600) * 3600
    const row = { signature: '1:a', release: 'r', package: 'p', outcome: 'ok', duphash: '', count: 2 }
    database.insert(crashCount).values([800, 731, 729, 1].map((days) => ({ ...row, hour: hour(days) }))).run()
    database.insert(countedTask).values([{ id: 100_001 }]).run()
    expect(JSON.parse((await at.run('--json', '--dry-run')).stdout).counts).toBe(2)
    expect(JSON.parse((await at.run('--json')).stdout).counts).toBe(2)
    expect(database.select().from(crashCount).all().length).toBe(2)
    expect(database.select().from(countedTask).all()).toEqual([])
    database.$client.close()
  })

  it('keeps the newest 100 times of each package and release, as the design says', async () => {
    await using at = await world()
    const database = openDatabase(at.database)
    const rows = (name: string, count: number, release: string | null = 'debian-12-amd64') =>
      Array.from({ length: count }, (_, time) => ({ package: name, release, time }))
    database.insert(packageTime).values([...rows('bash', 130), ...rows('dash', 100), ...rows('zsh', 103, null)]).run()
    expect(JSON.parse((await at.run('--json', '--dry-run')).stdout).timings).toBe(33)
    expect(JSON.parse((await at.run('--json')).stdout).timings).toBe(33)
    const left = database.$client.prepare(
      'SELECT package, count(*) AS n, min(time) AS oldest FROM package_time GROUP BY package ORDER BY package',
    ).all()
    database.$client.close()
    expect(left).toEqual([
      { package: 'bash', n: 100, oldest: 30 },
      { package: 'dash', n: 100, oldest: 0 },
      { package: 'zsh', n: 100, oldest: 3 },
    ])
  })

  it('removes what a killed program left among the packages, and nothing that is not ours', async () => {
    await using at = await world()
    const database = openDatabase(at.database)
    database.insert(release).values({ name: 'debian-12-amd64' }).run()
    database.$client.close()
    const [stray, foreign] = [
      at.folder.file('repo', 'debian-12-amd64', 'bash_5.2_amd64'),
      at.folder.file('repo', 'notes'),
    ]
    for (const directory of [stray, foreign]) mkdirSync(directory, { recursive: true })
    expect(JSON.parse((await at.run('--json', '--dry-run')).stdout).packages.strays).toBe(1)
    expect((await at.run()).stdout).toMatch(/1 stray name among the packages/)
    expect([existsSync(stray), existsSync(foreign)]).toEqual([false, true])
  })

  it('abrt-retrace-clean does no harm beside another one that runs', async () => {
    await using at = await world()
    for (let id = 1; id <= 200; id++) task(at.folder, id, { days: 9, ...ENDED })
    const both = await Promise.all([at.run('--json'), at.run('--json')])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    const deleted = both.flatMap(({ stdout }) => JSON.parse(stdout).tasks.deleted)
    expect(deleted.length).toBe(200)
    expect(new Set(deleted).size).toBe(200)
    expect((await at.run('--list')).stdout).toBe('There are no tasks\n')
  }, 30_000)

  it('lists tasks with their age, state and size', async () => {
    await using at = await world()
    task(at.folder, 3, { days: 0.5, ...ENDED, core: 'x'.repeat(3 * 2 ** 20) })
    task(at.folder, 10, { days: 3, 'retrace-log': 'failed' })
    task(at.folder, 11, { days: 0 })
    const lines = (await at.run('--list')).stdout.split('\n')
    expect(lines[1]).toMatch(/^3 +12 h +success +3\.0 MB$/)
    expect(lines[2]).toMatch(/^10 +3 days +failure/)
    expect(lines[3]).toMatch(/^11 +0 h +waiting/)
    expect(lines[4]).toBe('3 tasks, 3.0 MB')
    expect(JSON.parse((await at.run('--list', '--json')).stdout).tasks[0]).toMatchObject({ id: '3', state: 'success' })
  })

  it('rewrites the database only when much of it is free', () => {
    expect(isWorthVacuum({ pages: 100_000, free: 30_000, pageSize: 4096 })).toBe(true)
    expect(isWorthVacuum({ pages: 100_000, free: 10_000, pageSize: 4096 })).toBe(false)
    expect(isWorthVacuum({ pages: 1000, free: 900, pageSize: 4096 })).toBe(false)
  })
})
