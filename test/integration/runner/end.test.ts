/**
 * How tasks end, and what is remembered of them: outcomes for dead workers, package_time, estimates (docs/http.md,
 * 'POST /create').
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { packageTime } from '../../../schema/tables.ts'
import { Sqlite } from '../../../src/database/driver.ts'
import { abrtMembers, designMembers, tarOf } from '../../helpers/archives.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { createTask, endOf, eventually, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const DEAD = [
  ['is killed', `echo debug > step; echo 'fetch: no step'; kill -KILL $$`, 'killed', /SIGKILL during the step 'debug'/],
  ['ends without a log', `echo 'read: no step'; exit 3`, 'internal', /exit code 3 before/],
  ['met a full disk at its end', 'exit 4', 'disk-full', /disk of the server was full/],
  ['never starts', undefined, 'server-unfit', /could not be started/],
] as const

/** Beside what the client sent: nothing that a run needs, half-written or not, is left. */
const AFTERWARDS = ['created', 'manifest', 'outcome.json', 'password', 'retrace-log', 'started', 'worker.log']

describe('a worker that', () => {
  it.each(DEAD)(
    'a worker that %s leaves a failed task with its log and an outcome',
    async (_, commands, code, summary) => {
      await using folder = await temporaryFolder()
      const workerCommand = commands === undefined ? [folder.file('nothing')] : scriptedWorker(folder, commands)
      await using server = await startServer({ workerCommand })
      const task = await createTask(server)
      expect(await endOf(server, task)).toBe('FINISHED_FAILURE')
      const reply = await server.client.ask(`/${task.id}`, {
        password: task.password,
        headers: { Accept: 'application/json' },
      })
      expect(reply.json().outcome).toMatchObject({ code, summary: expect.stringMatching(summary) })
      const log = (await server.client.ask(`/${task.id}/log`, { password: task.password })).text
      expect(log.startsWith(readFileSync(server.spool(task.id, 'worker.log'), 'utf8'))).toBe(true)
      expect(log).toMatch(summary)
      await eventually(() => !existsSync(server.spool(task.id, 'coredump')))
      const names = readdirSync(server.spool(task.id))
      expect(names.filter((name) => !(name in designMembers())).sort()).toEqual(AFTERWARDS)
    },
  )

  it('takes longer than RETRACE_TASK_TIMEOUT_S and a little is stopped with all that it started', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(
        folder,
        `echo debug > step; echo 'fetch: no step'; echo $$ > ${folder.file('pid')}; sleep 300 & wait`,
      ),
      settings: { RETRACE_TASK_TIMEOUT_S: '1' },
    })
    const task = await createTask(server)
    expect(await endOf(server, task, 40_000)).toBe('FINISHED_FAILURE')
    const reply = await server.client.ask(`/${task.id}`, {
      password: task.password,
      headers: { Accept: 'application/json' },
    })
    expect(reply.json().outcome).toMatchObject({ code: 'debugger-timeout', summary: expect.stringContaining('1 s') })
    expect(existsSync(`/proc/${readFileSync(folder.file('pid'), 'utf8').trim()}`)).toBe(false)
  }, 50_000)

  it('the task ends well although its worker dies between the backtrace and the log', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, `printf 'Thread 1\\n' > b; mv b backtrace; kill -KILL $$`),
    })
    const task = await createTask(server)
    expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
  })
})

describe('package_time', () => {
  it('package_time counts of a task that runs again after a restart what it takes then, not how long the server was down', async () => {
    await using folder = await temporaryFolder()
    const commands = `while [ ! -e ${folder.file('go')} ]; do sleep 0.05; done; ${SUCCEED}`
    const options = { folder, workerCommand: scriptedWorker(folder, commands) }
    const members = { ...designMembers(), release: 'debian-12', architecture: 'amd64', packages: 'bash_5_amd64' }
    let task
    {
      await using server = await startServer(options)
      task = await createTask(server, members)
      await eventually(() => existsSync(server.spool(task.id, 'worker.log')))
    }
    writeFileSync(folder.file('spool', task.id, 'created'), new Date(Date.now() - 3_600_000).toISOString())
    await using server = await startServer(options)
    writeFileSync(folder.file('go'), '')
    expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    const rows = () => server.program.services.database.select().from(packageTime).all()
    await eventually(() => rows().length > 0)
    expect(rows()).toEqual([{ id: 1, package: 'bash', release: 'debian-12-amd64', time: expect.any(Number) }])
    expect(rows()[0]?.time).toBeLessThan(60)
  })

  it('package_time has one row for each task that ended with a backtrace, none for a failed one, and estimates follow it', async () => {
    await using folder = await temporaryFolder()
    const outcome = (name: string, release: string) =>
      `printf '{"code":"ok","summary":"x","package":"${name}","release":"${release}"}' > o; mv o outcome.json`
    await using server = await startServer({
      workerCommand: scriptedWorker(
        folder,
        `case "$(cat packages)" in
          *fail*) ${FAIL} ;;
          *nobody*) ${SUCCEED.replace('"bash"', 'null')} ;;
          *other*) sleep 1.2; ${
          SUCCEED.replace(/printf '\{"code[^]*?outcome.json/, outcome('other', 'debian-11-amd64'))
        } ;;
          *) sleep 2.2; ${SUCCEED} ;;
        esac`,
      ),
      settings: { RETRACE_DEFAULT_EST_TIME_S: '77' },
    })
    const members = { ...designMembers(), release: 'debian-12', architecture: 'amd64' }
    const send = async (packages: string, release = 'debian-12') =>
      await createTask(server, { ...members, packages, release })
    const rows = () => server.program.services.database.select().from(packageTime).all()
    const timeOf = (name: string) => rows().find((row) => row.package === name)?.time ?? 0

    const bash = await send('bash_5.2.15-2+b7_amd64')
    expect(bash.estimate).toBe(77)
    for (const task of [await send('fail_1.0_amd64'), await send('nobody_1.0_amd64'), bash]) await endOf(server, task)
    await eventually(() => rows().length > 0)
    expect(rows()).toEqual([{ id: 1, package: 'bash', release: 'debian-12-amd64', time: expect.any(Number) }])
    // A busy machine only makes it longer.
    expect(timeOf('bash')).toBeGreaterThan(2.2)
    expect(timeOf('bash')).toBeLessThan(25)

    // The average for this package on this release, rounded up to whole seconds.
    expect((await send('bash_9_amd64')).estimate).toBe(Math.ceil(timeOf('bash')))
    const other = await send('other_1.0_amd64', 'debian-11')
    await endOf(server, other)
    await eventually(() => rows().length === 3)
    const average = (list: typeof rows extends () => infer R ? R : never) =>
      Math.ceil(list.reduce((sum, { time }) => sum + (time ?? 0), 0) / list.length)
    // Else over the release, else over everything.
    expect((await send('fail_1.0_amd64', 'debian-11')).estimate).toBe(Math.ceil(timeOf('other')))
    expect((await send('fail_1.0_amd64', 'debian-10')).estimate).toBe(average(rows()))
    expect((await send('fail_1.0_amd64', 'Some thing unknown')).estimate).toBe(average(rows()))
  })

  it('estimates an upload of the ABRT client by its package, its os_release and the architecture of its core', async () => {
    await using server = await startServer()
    const { database } = server.program.services
    database.insert(packageTime).values({ package: 'bash', release: 'fedora-40-x86_64', time: 41.5 }).run()
    database.insert(packageTime).values({ package: 'bash', release: 'fedora-40-aarch64', time: 9 }).run()
    database.insert(packageTime).values({ package: 'zsh', release: 'fedora-40-x86_64', time: 1000 }).run()
    const reply = await server.client.ask('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar', 'X-Task-Type': '0' },
      body: tarOf(abrtMembers()),
    })
    expect([reply.status, reply.headers['x-task-est-time']]).toEqual([201, '42'])
  })

  it.each<[string, Record<string, string>, string, string]>([
    ['os_release, not by its release', {}, 'fedora-40-x86_64', '42'],
    [
      "os_release_in_rootdir, not by the system's release",
      { rootdir: '/srv/root', os_release_in_rootdir: 'Debian GNU/Linux 12 (bookworm)' },
      'debian-12-amd64',
      '7',
    ],
  ])(
    'estimates an upload that names several releases by the one it is retraced as: by its %s',
    async (_, members, release, estimate) => {
      await using folder = await temporaryFolder()
      await using server = await startServer()
      const { database } = server.program.services
      const times = { 'fedora-40-x86_64': 41.5, 'debian-12-amd64': 7, 'debian-11-amd64': 1000 }
      for (const [name, time] of Object.entries(times)) {
        database.insert(packageTime).values({ package: 'bash', release: name, time }).run()
      }
      const { core } = fixtureCore('amd64', folder.path)
      const reply = await server.client.ask('/create', {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar', 'X-Task-Type': '0' },
        body: tarOf({ ...abrtMembers(readFileSync(core)), release: 'debian-11', ...members }),
      })
      expect([reply.status, reply.headers['x-task-est-time']]).toEqual([201, estimate])
      const id = String(reply.headers['x-task-id'])
      await endOf(server, { id, password: String(reply.headers['x-task-password']), estimate: 0 })
      expect(JSON.parse(readFileSync(server.spool(id, 'outcome.json'), 'utf8'))).toMatchObject({ release })
    },
    60_000,
  )
})

describe('a thread that starts workers', () => {
  it('takes no task with it when it dies: what ran runs again, without it', async () => {
    await using folder = await temporaryFolder()
    const start = folder.file('starter.mjs')
    writeFileSync(
      start,
      `import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ key }) => {
        parentPort.postMessage({ kind: 'started', key, pid: undefined })
        setTimeout(() => { throw new Error('by the test') }, 200)
      })\n`,
    )
    const workerCommand = scriptedWorker(folder, SUCCEED)
    await using server = await startServer({ workerCommand, threads: { unpack: folder.file('none'), start } })
    const tasks = await Promise.all([createTask(server), createTask(server)])
    for (const task of tasks) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
  })
})

describe('a database that another program writes to', () => {
  it('keeps no task from its end, nobody from deleting it, and no server from stopping', async () => {
    await using folder = await temporaryFolder()
    const server = await startServer({ workerCommand: scriptedWorker(folder, `sleep 0.5; ${SUCCEED}`) })
    const other = new Sqlite(server.config.database)
    try {
      const [kept, deleted] = [await createTask(server), await createTask(server)]
      other.exec('BEGIN IMMEDIATE')
      for (const task of [kept, deleted]) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      await eventually(() => server.program.services.runner.load().running === 0)
      const { status } = await server.client.ask(`/${deleted.id}`, { method: 'DELETE', password: deleted.password })
      expect(status).toBe(204)
      // This thread holds the lock: were the end to wait for it, it would never come.
      await server[Symbol.asyncDispose]()
    } finally {
      other.close()
    }
  })
})
