/** Nothing accepted is lost: kill -9, SIGTERM, restart (docs/goals.md, 'Trust'); the built program, in a child. */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { type ServerChild, startServerChild } from '../../helpers/server.ts'
import { createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

/** Counts its runs in `runs`, then waits for `go` in the folder. */
function waitingWorker(folder: Folder): readonly string[] {
  return scriptedWorker(
    folder,
    `echo run >> ${folder.file('runs')}
     echo 'debug: waiting'
     while [ ! -e ${folder.file('go')} ]; do sleep 0.05; done
     ${SUCCEED}`,
  )
}

function runsIn(folder: Folder): number {
  return existsSync(folder.file('runs')) ? readFileSync(folder.file('runs'), 'utf8').split('\n').length - 1 : 0
}

/** Processes whose working directory lies in the folder. */
function processesIn(folder: Folder): string[] {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder.file('spool'))
    } catch {
      return false
    }
  })
}

async function startWith(folder: Folder, settings: Record<string, string> = {}): Promise<ServerChild> {
  return await startServerChild({ folder, workerCommand: waitingWorker(folder), settings })
}

it(
  'runs every accepted task again after kill -9, running and queued, and leaves no worker of the killed one',
  async () => {
    await using folder = await temporaryFolder()
    const settings = { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '2' }
    const tasks = []
    {
      await using server = await startWith(folder, settings)
      for (let i = 0; i < 3; i++) tasks.push(await createTask(server))
      await eventually(() => runsIn(folder) === 1)
      expect(processesIn(folder).length).toBeGreaterThan(0)
      expect(await server.end('SIGKILL')).toBe('SIGKILL')
      await eventually(() => processesIn(folder).length === 0)
    }
    writeFileSync(folder.file('go'), '')
    await using again = await startWith(folder, settings)
    for (const task of tasks) expect(await endOf(again, task)).toBe('FINISHED_SUCCESS')
    expect(runsIn(folder)).toBe(4)
  },
  60_000,
)

describe('SIGTERM', () => {
  it('ends with exit code 0, stops the workers, and their tasks run again with the next start', async () => {
    await using folder = await temporaryFolder()
    let task
    {
      await using server = await startWith(folder)
      task = await createTask(server)
      await eventually(() => runsIn(folder) === 1)
      expect(await server.end('SIGTERM')).toBe(0)
      // They were killed by then; what is killed dies once it has a processor.
      await eventually(() => processesIn(folder).length === 0)
      expect(existsSync(folder.file('spool', task.id, 'retrace-log'))).toBe(false)
      expect(existsSync(folder.file('spool', task.id, 'coredump'))).toBe(true)
    }
    writeFileSync(folder.file('go'), '')
    await using again = await startWith(folder)
    expect(await endOf(again, task)).toBe('FINISHED_SUCCESS')
  }, 60_000)

  it(
    'lets answers end: a stream whose task ends in time is whole, one that does not says what happens next',
    async () => {
      await using folder = await temporaryFolder()
      await using server = await startWith(folder)
      const streamed = async (path: string, options = {}) => {
        const answer = await server.client.open(path, options)
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
        return { answer, ended: once(answer, 'end').then(() => text) }
      }
      const post = { method: 'POST', headers: { 'Content-Type': 'application/x-tar' }, body: tarOf(designMembers()) }
      const stream = await streamed('/create', post)
      await eventually(() => runsIn(folder) === 1)
      const exit = server.end('SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 500))
      writeFileSync(folder.file('go'), '')
      expect(await stream.ended).toMatch(/X-Task-Status: FINISHED_SUCCESS\nThread 1\n/)
      expect(await exit).toBe(0)

      await using folder2 = await temporaryFolder()
      await using server2 = await startWith(folder2)
      const answer = await server2.client.open('/create', post)
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
      await eventually(() => runsIn(folder2) === 1)
      const [code] = await Promise.all([server2.end('SIGTERM'), once(answer, 'end')])
      expect(code).toBe(0)
      expect(text).toMatch(/\nserver: stopping; the task begins again with the server/)
      expect(text).not.toContain('FINISHED')
    },
    60_000,
  )

  it('accepts no more, and does not wait for connections that only keep alive', async () => {
    await using server = await startServerChild()
    using idle = await server.client.raw()
    await idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await idle.until(/HTTP\/1\.1 200 OK/)
    using busy = await server.client.raw()
    const { coredump, ...members } = designMembers()
    const core = new Uint8Array(200_000)
    core.set(coredump as Uint8Array)
    const body = tarOf({ ...members, coredump: core })
    await busy.write(
      `POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    await busy.write(body.subarray(0, 70_000))
    // 64 KiB of it are there: it has its place.
    await eventually(async () => /^running_tasks 1\n/m.test((await server.client.ask('/settings')).text))
    const exit = server.end('SIGTERM')
    await idle.closed()
    // The answer to a request that had begun is waited for: the connection that was idle went before it.
    await busy.write(body.subarray(70_000, 71_000))
    await busy.write(`${'x'.repeat(body.length - 71_000)}`)
    expect(await busy.until(/^HTTP\/1\.1 \d+ /)).toMatch(/^HTTP\/1\.1 400 Bad Request/)
    expect(await exit).toBe(0)
    await expect(server.client.ask('/')).rejects.toThrow()
  })
})
