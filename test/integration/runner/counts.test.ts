/** How often a crash was seen: counted once per task, kept beyond it, told from three on. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { crashCount } from '../../../schema/tables.ts'
import { closeDatabase, openDatabase } from '../../../src/database/database.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, eventually, scriptedWorker } from '../../helpers/task.ts'

const CRASH = {
  sentence: 'p read address 0x0 in f',
  duphash: 'd'.repeat(40),
  signature: '1:abc',
  rating: 4,
  update: 'Update p first: 2 is newer than 1.',
}

function outcome(release: string, crash: unknown = CRASH): string {
  return JSON.stringify({ code: 'ok', summary: 'Complete.', next_step: null, package: 'p', release, crash })
}

/** A worker that says of each core that it is the same crash; its release is what the client says. */
function worker(folder: Parameters<typeof scriptedWorker>[0]): readonly string[] {
  const text = outcome('RELEASE').replaceAll('"', '\\"')
  return scriptedWorker(
    folder,
    `r=$(cat release); echo "${text}" | sed "s/RELEASE/$r/" > outcome.json; echo > backtrace; echo > retrace-log`,
  )
}

async function crashOf(server: Pick<TestServer, 'client'>, { id, password }: CreatedTask) {
  const reply = await server.client.ask(`/${id}`, { password, headers: { Accept: 'application/json' } })
  return reply.json().crash as { seen: unknown }
}

const members = (release: string) => ({ coredump: 'x', architecture: 'amd64', release, packages: '' })

describe('how often a crash was seen', () => {
  it('is told from three on, with the releases, and not once more after a restart or for tasks that are gone', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = worker(folder)
    const tasks: CreatedTask[] = []
    {
      await using server = await startServer({ folder, workerCommand })
      for (const release of ['debian-11-amd64', 'debian-12-amd64', 'debian-12-amd64']) {
        const task = await createTask(server, members(release))
        tasks.push(task)
        expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
        await eventually(async () => (await crashOf(server, task)).seen !== null || tasks.length < 3)
        if (tasks.length === 2) expect(await crashOf(server, task)).toEqual({ ...CRASH, seen: null })
      }
      const [first] = tasks
      if (first === undefined) throw new Error('Expected a task')
      expect((await crashOf(server, first)).seen)
        .toEqual({ times: 3, releases: ['debian-11-amd64', 'debian-12-amd64'] })
      const text = (await server.client.ask(`/${first.id}`, { password: first.password })).text
      expect(text).toBe('p read address 0x0 in f. Update p first: 2 is newer than 1. Complete.\n')
    }
    // What ended while no server could count it: a directory as a worker leaves it.
    const missed = folder.file('spool', '9')
    mkdirSync(missed, { mode: 0o700 })
    for (
      const [name, content] of [['outcome.json', outcome('debian-13-amd64')], ['retrace-log', ''], ['password', 'x']]
    ) {
      writeFileSync(`${missed}/${name}`, content ?? '')
    }
    rmSync(folder.file('spool', tasks[0]?.id ?? ''), { recursive: true })
    for (const _ of [1, 2]) {
      await using server = await startServer({ folder, workerCommand })
      const [, second] = tasks
      if (second === undefined) throw new Error('Expected a task')
      await eventually(async () => JSON.stringify((await crashOf(server, second)).seen).includes('"times":4'))
      expect((await crashOf(server, second)).seen)
        .toEqual({ times: 4, releases: ['debian-11-amd64', 'debian-12-amd64', 'debian-13-amd64'] })
    }
    const database = openDatabase(folder.file('database', 'retrace.db'))
    const rows = database.select().from(crashCount).all()
    closeDatabase(database)
    expect(rows.every(({ hour, outcome: code }) => hour % 3600 === 0 && code === 'ok')).toBe(true)
    expect(rows.reduce((all, { count }) => all + count, 0)).toBe(4)
  })
})
