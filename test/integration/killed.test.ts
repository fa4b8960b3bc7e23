/** kill -9 of the server at every step of a task, and of abrt-retrace-clean while it deletes: nothing is lost or left over. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { Sqlite } from '../../src/database/driver.ts'
import { statOf } from '../../src/process/proc.ts'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServerChild } from '../helpers/server.ts'
import { type CreatedTask, createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../helpers/task.ts'
import { spoolEntries } from '../helpers/spool_entries.ts'

/** Where in a task's way the server is killed: milliseconds after its 201. */
const KILL_POINTS = [0, 10, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400, 450]

/** A worker with a pause before every file that it writes, and a child that outlives it if nobody sees to it. */
const SLOW = `sleep 1000 &\n${SUCCEED.split('\n').map((line) => line === '' ? line : `sleep 0.03\n${line}`).join('\n')}`

/** Processes that have a file below a directory open. */
function usersOf(directory: string): string[] {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).filter((name) => {
    try {
      const open = readdirSync(`/proc/${name}/fd`).map((fd) => readlinkSync(`/proc/${name}/fd/${fd}`))
      return open.some((path) => path.startsWith(directory) && !path.includes('/server.lock'))
    } catch {
      return false
    }
  })
}

/** Tasks that the database has counted. */
function countsIn(folder: Folder): number {
  const client = new Sqlite(folder.file('database', 'retrace.db'), { readonly: true })
  const { tasks } = client.prepare('SELECT sum(count) AS tasks FROM crash_count').get() as { tasks: number }
  client.close()
  return tasks
}

describe('a server that is killed -9 while tasks run', () => {
  it('ends every accepted task, once, after it starts again, and leaves nothing over', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, SLOW)
    const tasks: CreatedTask[] = []
    const ended = new Map<string, number>()
    const logOf = (id: string) => statSync(folder.file('spool', id, 'retrace-log'), { throwIfNoEntry: false })?.mtimeMs
    for (const after of KILL_POINTS) {
      await using server = await startServerChild({ folder, workerCommand })
      tasks.push(await createTask(server))
      await new Promise((resolve) => setTimeout(resolve, after))
      await server.end('SIGKILL')
      for (const { id } of tasks) {
        const log = logOf(id)
        if (log === undefined) continue
        // A task that has ended is not run again.
        expect(ended.get(id) ?? log).toBe(log)
        ended.set(id, log)
      }
    }
    await using server = await startServerChild({ folder, workerCommand })
    for (const task of tasks) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    console.log(`${KILL_POINTS.length} kill points, ${ended.size} tasks had ended before the last start`)
    for (const [id, log] of ended) expect(logOf(id)).toBe(log)
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length)
    // Each counts once, though servers were killed between the end of a task and its count.
    await eventually(() => countsIn(folder) === tasks.length)
    expect(spoolEntries(folder.file('spool')).sort()).toEqual(tasks.map(({ id }) => id).sort())
    // What dead workers had started died with the next start.
    await eventually(() => usersOf(folder.file('spool')).length === 0)
    for (const { id } of tasks) expect(readdirSync(folder.file('spool', id))).not.toContain('coredump')
    expect(Number((await createTask(server)).id)).toBeGreaterThan(Math.max(...tasks.map(({ id }) => Number(id))))
    await server.end('SIGTERM')
    await eventually(() => usersOf(folder.file('spool')).length === 0)
  }, 120_000)
})

describe('a server whose predecessor was killed -9 where workers do not end with their server', () => {
  it('ends the worker that lives on, and runs its task', async () => {
    await using folder = await temporaryFolder()
    const [pids, script] = [folder.file('pids'), folder.file('lives')]
    // The first one works for ever.
    writeFileSync(script, `echo $$ >>${pids}\n[ "$(wc -l <${pids})" -gt 1 ] || exec sleep 1000\n${SUCCEED}`)
    // As the kernel does where a policy gives the worker another domain or profile (docs/policies.md).
    const workerCommand = scriptedWorker(folder, `exec setpriv --pdeathsig clear -- sh ${script}`)
    let task: CreatedTask
    {
      await using server = await startServerChild({ folder, workerCommand })
      task = await createTask(server)
      await eventually(() => existsSync(pids))
      await server.end('SIGKILL')
    }
    const first = Number(readFileSync(pids, 'utf8'))
    expect(statOf(first)?.isDead).toBe(false)
    await using server = await startServerChild({ folder, workerCommand })
    expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    expect(statOf(first)?.isDead).not.toBe(false)
  })
})

describe('an abrt-retrace-clean that is killed -9', () => {
  it('leaves each task whole or gone, and the next start of the server removes the rest', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    for (let id = 1; id <= 400; id++) {
      mkdirSync(folder.file('spool', String(id)), { mode: 0o700 })
      for (const name of ['password', 'retrace-log', 'backtrace', 'worker.log', 'created']) {
        writeFileSync(folder.file('spool', String(id), name), '2020-01-01T00:00:00Z')
      }
    }
    const settings = {
      RETRACE_SPOOL_DIR: folder.file('spool'),
      RETRACE_REPO_DIR: folder.file('repo'),
      RETRACE_DATABASE: folder.file('database', 'retrace.db'),
    }
    for (const after of [330, 360, 390, 420]) {
      const child = spawn(join(installationRoot(), 'ops', 'bin', 'abrt-retrace-clean'), {
        env: { PATH: env.PATH, ...settings },
        stdio: 'ignore',
      })
      await new Promise((resolve) => setTimeout(resolve, after))
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      for (const name of readdirSync(folder.file('spool'))) {
        if (/^[0-9]+$/.test(name)) expect(readdirSync(folder.file('spool', name))).toHaveLength(5)
        else expect(name).toMatch(/^removed-/)
      }
    }
    await using _server = await startServerChild({ folder })
    expect(readdirSync(folder.file('spool')).filter((name) => name.startsWith('removed-'))).toEqual([])
  }, 60_000)
})
