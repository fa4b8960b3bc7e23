/** Disks and databases that fail while the server runs, or before it starts: a sentence each, and nothing is lost. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { designMembers, tarOf } from '../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServer, type TestServer } from '../helpers/server.ts'
import { createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../helpers/task.ts'

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
if (!mountWorks) console.log('Skipped: a file system of known size cannot be mounted here')

async function upload(server: TestServer) {
  return await server.client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
    body: tarOf(designMembers()),
  })
}

describe.skipIf(!mountWorks)('a spool whose file system fails', () => {
  let folder: Folder
  let server: TestServer

  beforeAll(async () => {
    folder = await temporaryFolder()
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', folder.file('spool')])
    // A worker that was told to wait ends without a word: its end is the server's to write.
    const marker = folder.file('wait')
    const wait =
      `if [ -e ${marker} ]; then touch ${marker}ing; while [ -e ${marker} ]; do sleep 0.05; done; exit 3; fi\n`
    server = await startServer({ folder, workerCommand: scriptedWorker(folder, wait + SUCCEED) })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    execFileSync('umount', ['--lazy', folder.file('spool')])
    await folder[Symbol.asyncDispose]()
  })

  it('answers 503 with a sentence while it is read-only, and takes uploads again afterwards', async () => {
    // The lock of the server is open for writing, so the file system itself stays as it is; a mount over it does not.
    execFileSync('mount', ['--bind', folder.file('spool'), folder.file('spool')])
    execFileSync('mount', ['-o', 'remount,bind,ro', folder.file('spool')])
    const refused = await upload(server)
    expect([refused.status, refused.text]).toEqual([
      503,
      'The server cannot read or write its files at the moment; try again later\n',
    ])
    expect((await server.client.ask('/readyz')).text).toMatch(
      /^FAIL spool: RETRACE_SPOOL_DIR cannot be written to \(EROFS\)$/m,
    )
    execFileSync('umount', [folder.file('spool')])
    await endOf(server, await createTask(server))
  })

  it('ends a task whose end could not be written on a full disk as soon as there is room', async () => {
    writeFileSync(folder.file('wait'), '')
    const task = await createTask(server)
    await eventually(() => existsSync(folder.file('waiting')))
    spawnSync('dd', ['if=/dev/zero', `of=${folder.file('spool', 'full')}`, 'bs=4k'])
    rmSync(folder.file('wait'))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await server.client.ask(`/${task.id}`, task)).headers['x-task-status']).toBe('PENDING')
    rmSync(folder.file('spool', 'full'))
    expect(await endOf(server, task)).toBe('FINISHED_FAILURE')
  }, 40_000)
})

describe('a database that fails', () => {
  it('makes uploads a 503 while it can only be read, and leaves nothing of them', async () => {
    await using server = await startServer()
    server.program.services.database.$client.pragma('query_only = ON')
    const refused = await upload(server)
    expect([refused.status, refused.text]).toEqual([
      503,
      'The server cannot give out a task id just now; try again in a minute\n',
    ])
    expect(await server.program.services.spool.tasks()).toEqual([])
    server.program.services.database.$client.pragma('query_only = OFF')
    expect((await upload(server)).status).toBe(201)
  })

  it('stops the start with what to do when the file is damaged', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('database'))
    const file = folder.file('database', 'retrace.db')
    writeFileSync(file, 'This is no database at all. '.repeat(100))
    await expect(startServer({ folder })).rejects.toThrow(
      /RETRACE_DATABASE .* is damaged \(SQLITE_NOTADB\): restore a backup/,
    )
    expect(readFileSync(file, 'latin1')).toMatch(/^This is no database/)
  })

  it('stops the start when the database was made by a newer version, and does not change it', async () => {
    await using folder = await temporaryFolder()
    const file = folder.file('database', 'retrace.db')
    const database = openDatabase(file, { migrate: true })
    database.$client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run('future', 9e15)
    database.$client.close()
    await expect(startServer({ folder })).rejects.toThrow(/was made by a newer version than this one/)
  })

  it('makes a lost database anew: tasks stay, and no id is given twice', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, SUCCEED)
    const first = await startServer({ folder, workerCommand })
    const tasks = [await createTask(first), await createTask(first)]
    for (const task of tasks) await endOf(first, task)
    await first[Symbol.asyncDispose]()
    execFileSync('rm', ['-r', folder.file('database')])
    await using second = await startServer({ folder, workerCommand })
    const [one] = tasks
    expect((await second.client.ask(`/${one?.id}/backtrace`, one)).status).toBe(200)
    expect(Number((await createTask(second)).id)).toBeGreaterThan(Math.max(...tasks.map(({ id }) => Number(id))))
  })
})

describe('a backup', () => {
  it('taken while the server works can be restored whole', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, SUCCEED)
    const server = await startServer({ folder, workerCommand })
    const task = await createTask(server)
    await endOf(server, task)
    // The command of ops/RUNBOOK.md.
    execFileSync('sqlite3', [server.config.database, `.backup '${folder.file('backup.db')}'`])
    await createTask(server)
    await server[Symbol.asyncDispose]()
    execFileSync('rm', ['-r', folder.file('database')])
    mkdirSync(folder.file('database'))
    copyFileSync(folder.file('backup.db'), folder.file('database', 'retrace.db'))
    await using restored = await startServer({ folder, workerCommand })
    expect((await restored.client.ask(`/${task.id}`, task)).status).toBe(200)
    expect(existsSync(restored.config.database)).toBe(true)
    // The spool knows of the task that the backup does not.
    expect(Number((await createTask(restored)).id)).toBeGreaterThan(Number(task.id) + 1)
  })
})
