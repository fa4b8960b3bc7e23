import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readOutcome } from '../../../src/task/outcome_file.ts'
import { authorize } from '../../../src/task/password.ts'
import { readStep } from '../../../src/task/step.ts'
import { taskWith } from '../../helpers/task_directory.ts'

describe('Task.state()', () => {
  it.each([
    [[], 'PENDING', false],
    [['coredump', 'worker.log', 'outcome.json'], 'PENDING', false],
    [['backtrace'], 'PENDING', false],
    [['retrace-log'], 'FINISHED_FAILURE', true],
    [['retrace-log', 'backtrace.json'], 'FINISHED_FAILURE', true],
    [['retrace-log', 'backtrace'], 'FINISHED_SUCCESS', true],
  ])('says what the files of a directory mean: %j is %s', async (names, state, hasEnded) => {
    await using directory = await taskWith(Object.fromEntries(names.map((name) => [name, 'x'])))
    expect([directory.task.state(), directory.task.hasEnded()]).toEqual([state, hasEnded])
  })
})

describe('Task', () => {
  it('tells when its upload was complete, and no time where that is damaged or missing', async () => {
    await using whole = await taskWith({ created: '2026-05-01T10:00:00.000Z\n' })
    await using damaged = await taskWith({ created: 'yesterday' })
    await using missing = await taskWith()
    expect(whole.task.created()).toEqual(new Date('2026-05-01T10:00:00Z'))
    expect([damaged.task.created(), missing.task.created()]).toEqual([undefined, undefined])
  })

  it('a folder where a file should be, and a link to itself, are files that were never written', async () => {
    await using directory = await taskWith()
    const { task } = directory
    mkdirSync(task.file('outcome.json'))
    symlinkSync('step', task.file('step'))
    expect([readOutcome(task), readStep(task)]).toEqual([undefined, undefined])
  })

  it('a task has the name of its directory as its id, and exists as long as that does', async () => {
    await using directory = await taskWith()
    const { task } = directory
    expect([task.id, task.exists()]).toEqual(['7', true])
    rmSync(task.directory, { recursive: true })
    expect([task.exists(), task.state(), task.text('created')]).toEqual([false, 'PENDING', undefined])
  })
})

describe('authorize()', () => {
  it('takes the password of the task and no other, and finds no task where there is no password', async () => {
    await using directory = await taskWith({ password: 'right' })
    authorize(directory.task, 'right')
    for (const wrong of ['', 'Right', 'right ', null, undefined]) {
      expect(() => authorize(directory.task, wrong)).toThrow(expect.objectContaining({ code: 'wrong-password' }))
    }
    await using none = await taskWith()
    expect(() => authorize(none.task, 'right')).toThrow(expect.objectContaining({ code: 'no-such-task' }))
  })
})
