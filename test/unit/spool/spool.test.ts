import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { umask } from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/database/database.ts'
import { UsageError } from '../../../src/errors/usage_error.ts'
import { Spool } from '../../../src/spool/spool.ts'
import { isLeftOver, newDraftName } from '../../../src/spool/draft_name.ts'
import { removeTask } from '../../../src/spool/removal.ts'
import { authorize } from '../../../src/task/password.ts'
import { designMembers, tarOf, type TestSpool, testSpool } from '../../helpers/archives.ts'
import { upload } from '../../helpers/uploads.ts'

const NO_SUCH_TASK = expect.objectContaining({ code: 'no-such-task' })

let test: TestSpool

beforeEach(async () => {
  test = await testSpool()
})
afterEach(() => test[Symbol.asyncDispose]())

async function accepted() {
  return await upload(test, tarOf(designMembers()))
}

describe('Draft', () => {
  it('a draft is no task until it is committed, and gone when it is not', async () => {
    {
      await using draft = await test.spool.draft(test.spool.reserve(0))
      draft.write('release', 'x')
      expect(test.names()).toHaveLength(1)
      expect(test.names()[0]).toMatch(/^upload-/)
      expect(await test.spool.tasks()).toEqual([])
      expect(() => test.spool.find(test.names()[0]!)).toThrow(NO_SUCH_TASK)
    }
    expect(test.names()).toEqual([])
  })

  it('gives its reservation back, committed or not', async () => {
    const small = await testSpool({ RETRACE_MIN_FREE_MB: '1073741824' })
    await using _ = small
    expect(() => small.spool.reserve(0)).toThrow('RETRACE_MIN_FREE_MB')
    const free = test.spool.free()
    await expect((async () => await test.spool.draft(test.spool.reserve(free * 2)))()).rejects.toThrow()
    for (let round = 0; round < 3; round++) {
      await using draft = await test.spool.draft(test.spool.reserve(Math.floor(free * 0.7)))
      expect(existsSync(draft.directory)).toBe(true)
    }
  })

  it.each([0o000, 0o022, 0o077, 0o777])('makes directories 0700 and files 0600 under the umask %i', async (mask) => {
    const before = umask(mask)
    try {
      const { task } = await accepted()
      expect(statSync(task.directory).mode & 0o7777).toBe(0o700)
      for (const name of readdirSync(task.directory)) {
        expect(statSync(join(task.directory, name)).mode & 0o7777).toBe(0o600)
      }
    } finally {
      umask(before)
    }
  })

  it('stores the password that it tells, and when it was accepted', async () => {
    const { task, password } = await accepted()
    expect(readFileSync(task.file('password'), 'utf8')).toBe(password)
    expect(Math.abs(Date.now() - task.created()!.getTime())).toBeLessThan(60_000)
  })

  it('answers 503 when the database cannot give an id, and leaves nothing', async () => {
    test.database.$client.exec('DROP TABLE task_id')
    await expect(accepted()).rejects.toMatchObject({ code: 'database-unavailable' })
    expect(test.names()).toEqual([])
  })
})

describe('task ids', () => {
  it('gives no task id twice, also when the task before was deleted', async () => {
    const ids: number[] = []
    for (let round = 0; round < 4; round++) {
      const { id, task } = await accepted()
      ids.push(Number(id))
      await removeTask(task)
    }
    expect(ids).toEqual([1, 2, 3, 4])
  })

  it('go on above the spool when the database was lost', async () => {
    await accepted()
    const { task } = await accepted()
    renameSync(task.directory, join(test.config.spoolDir, '4711'))
    test.database.$client.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${test.config.database}${end}`, { force: true })
    test.database = openDatabase(test.config.database, { migrate: true })
    test.spool = await Spool.open(test.config, test.database)
    expect((await accepted()).id).toBe('4712')
  })

  it('gives many uploads at once a task id each', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, accepted))
    expect(new Set(all.map(({ id }) => id)).size).toBe(20)
    expect(test.names()).toHaveLength(20)
  })
})

describe('Task', () => {
  it('finds a task by its id and by nothing else', async () => {
    const { id } = await accepted()
    expect(test.spool.find(id).id).toBe(id)
    for (
      const other of [
        '',
        '0',
        `0${id}`,
        `+${id}`,
        ` ${id}`,
        `${id} `,
        '99',
        '-1',
        '1e0',
        '../1',
        '.',
        `${id}/`,
        '9'.repeat(40),
      ]
    ) {
      expect(() => test.spool.find(other)).toThrow(NO_SUCH_TASK)
    }
  })

  it('takes its own password only', async () => {
    const { task, password } = await accepted()
    authorize(task, password)
    for (
      const wrong of [
        undefined,
        null,
        '',
        password.slice(1),
        `${password} `,
        password.toLowerCase() + 'A',
        'x'.repeat(10_000),
      ]
    ) {
      expect(() => authorize(task, wrong)).toThrow(expect.objectContaining({ code: 'wrong-password' }))
    }
  })

  it('a task is gone at once when it is removed, and can be removed once', async () => {
    const { id, task } = await accepted()
    await removeTask(task)
    expect(test.names()).toEqual([])
    expect(() => test.spool.find(id)).toThrow(NO_SUCH_TASK)
    await expect(removeTask(task)).rejects.toMatchObject({ code: 'no-such-task' })
    expect(() => authorize(task, 'x')).toThrow(NO_SUCH_TASK)
  })
})

describe('Spool.open()', () => {
  it('makes the directory, 0700', async () => {
    expect(statSync(test.config.spoolDir).mode & 0o7777).toBe(0o700)
    const config = { ...test.config, spoolDir: join(test.folder, 'a', 'b') }
    await Spool.open(config, test.database)
    expect(statSync(config.spoolDir).mode & 0o7777).toBe(0o700)
  })

  it.each([0o770, 0o707, 0o777, 0o1777])(
    'refuses a directory that others can write to (%i) and says what to do',
    async (mode) => {
      chmodSync(test.config.spoolDir, mode)
      const open = Spool.open(test.config, test.database)
      await expect(open).rejects.toBeInstanceOf(UsageError)
      await expect(open).rejects.toThrow(/RETRACE_SPOOL_DIR .* (chmod 0700|one of its own)/)
    },
  )

  it('refuses a file in its place', async () => {
    const path = join(test.folder, 'file')
    writeFileSync(path, '')
    await expect(Spool.open({ ...test.config, spoolDir: join(path, 'x') }, test.database)).rejects.toThrow(
      'RETRACE_SPOOL_DIR',
    )
    await expect(Spool.open({ ...test.config, spoolDir: path }, test.database)).rejects.toThrow('RETRACE_SPOOL_DIR')
  })
})

describe('Spool.recover()', () => {
  it('deletes what dead uploads and removals left, and nothing else', async () => {
    const { id } = await accepted()
    await using live = await test.spool.draft(test.spool.reserve(0))
    const at = (name: string) => join(test.config.spoolDir, name)
    const [, pid] = newDraftName().split('-')
    for (const name of ['upload-999999999-1-abc', `upload-${pid}-1-abc`, 'removed-7-abc']) {
      mkdirSync(at(name))
      writeFileSync(join(at(name), 'coredump'), 'x')
    }
    mkdirSync(at('lost+found'))
    writeFileSync(at('note'), 'of the administrator')
    symlinkSync('/', at('77'))
    await test.spool.recover()
    await test.spool.recover()
    expect(test.names()).toEqual([id, live.directory.split('/').at(-1), 'lost+found', 'note', '77'].sort())
    expect((await test.spool.tasks()).map((task) => task.id)).toEqual([id])
  })

  it('finds unfinished tasks in the order of their ids', async () => {
    const all = []
    for (let round = 0; round < 11; round++) all.push(await accepted())
    writeFileSync(all[4]!.task.file('retrace-log'), '')
    const left = await (await Spool.open(test.config, test.database)).unfinished()
    expect(left.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
  })

  it('deletes the cores of ended tasks and keeps those of the others', async () => {
    const [ended, failed, pending] = [await accepted(), await accepted(), await accepted()]
    writeFileSync(ended.task.file('backtrace'), '#0')
    for (const { task } of [ended, failed]) writeFileSync(task.file('retrace-log'), 'log')
    await test.spool.recover()
    expect(existsSync(ended.task.file('coredump'))).toBe(false)
    expect(existsSync(failed.task.file('coredump'))).toBe(false)
    expect(existsSync(pending.task.file('coredump'))).toBe(true)
  })

  it('completes a task that has its backtrace and no log', async () => {
    const [logged, silent] = [await accepted(), await accepted()]
    for (const { task } of [logged, silent]) writeFileSync(task.file('backtrace'), '#0')
    writeFileSync(logged.task.file('worker.log'), 'read: a core\n')
    writeFileSync(`${logged.task.file('retrace-log')}.partial`, 'of a server that was killed here')
    await test.spool.recover()
    for (const { task } of [logged, silent]) {
      expect(task.state()).toBe('FINISHED_SUCCESS')
      expect(existsSync(task.file('coredump'))).toBe(false)
      expect(readFileSync(task.file('retrace-log'), 'utf8')).toContain('server: ')
    }
    expect(readFileSync(logged.task.file('retrace-log'), 'utf8')).toMatch(/^read: a core\n/)
    expect(await test.spool.unfinished()).toEqual([])
  })

  it('brings a task in order, whatever stands in the place of its files', async () => {
    const [odd, whole] = [await accepted(), await accepted()]
    for (const { task } of [odd, whole]) writeFileSync(task.file('backtrace'), '#0')
    mkdirSync(join(odd.task.file('worker.log'), 'x'), { recursive: true })
    rmSync(odd.task.file('coredump'))
    mkdirSync(join(odd.task.file('coredump'), 'x'), { recursive: true })
    mkdirSync(`${odd.task.file('retrace-log')}.partial`)
    await test.spool.recover()
    expect([odd.task.state(), whole.task.state()]).toEqual(['FINISHED_SUCCESS', 'FINISHED_SUCCESS'])
    expect(existsSync(odd.task.file('coredump'))).toBe(false)
  })
})

describe('isLeftOver()', () => {
  it('keeps the drafts of processes that live', () => {
    expect(isLeftOver(newDraftName())).toBe(false)
    expect(isLeftOver(newDraftName().replace(/-[0-9]+-[0-9a-f]+$/, '-1-ab'))).toBe(true)
    for (const name of ['1', 'upload', 'upload-x', 'lost+found', '.upload-1-1-a']) expect(isLeftOver(name)).toBe(false)
  })
})
