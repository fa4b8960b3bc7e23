/** What runs write beside their results, and what becomes of it: temporary names, the step, the log of a dead worker. */
import { existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resourceUsage } from 'node:process'
import { describe, expect, it } from 'vitest'
import { endLog } from '../../../src/task/log.ts'
import { readStep, STEPS, writeStep } from '../../../src/task/step.ts'
import { removeTraces, tidy } from '../../../src/task/tidy.ts'
import { partialOf, writeResults } from '../../../src/task/write.ts'
import { taskWith } from '../../helpers/task_directory.ts'

const LEFT = {
  'retrace-log.partial': 'of a server that was killed',
  'outcome.json.partial': '{',
  'backtrace.new': 'of an older worker that was killed',
  'step': 'debug\n',
  'worker.log': 'debug: gdb',
  'coredump': 'core',
}

describe('removeTraces()', () => {
  it('removes what a killed run left under either kind of temporary name, its step and its links', async () => {
    await using directory = await taskWith(LEFT)
    const { task } = directory
    mkdirSync(join(task.file('root'), 'sysroot'), { recursive: true })
    removeTraces(task)
    expect(readdirSync(task.directory).sort()).toEqual(['coredump', 'worker.log'])
  })
})

describe('tidy()', () => {
  it('leaves an ended task its results and its log, and can be done again', async () => {
    await using directory = await taskWith({ ...LEFT, 'retrace-log': 'log', 'backtrace': '#0' })
    for (let round = 0; round < 2; round++) tidy(directory.task)
    expect(readdirSync(directory.task.directory).sort()).toEqual(['backtrace', 'retrace-log', 'worker.log'])
  })
})

describe('writeResults()', () => {
  it('writes over what a killed run left, in files that only we can read', async () => {
    await using directory = await taskWith()
    const { task } = directory
    writeFileSync(partialOf(task, 'outcome.json'), 'a longer text than the new one', { mode: 0o600 })
    await writeResults(task, [['outcome.json', '{}'], ['retrace-log', 'log']])
    expect(task.text('outcome.json')).toBe('{}')
    expect(readdirSync(task.directory).sort()).toEqual(['outcome.json', 'retrace-log'])
    for (const name of ['outcome.json', 'retrace-log'] as const) {
      expect(statSync(task.file(name)).mode & 0o777).toBe(0o600)
    }
  })

  it('lets none of them appear when one cannot be written', async () => {
    await using directory = await taskWith()
    const { task } = directory
    mkdirSync(partialOf(task, 'retrace-log'))
    await expect(writeResults(task, [['outcome.json', '{}'], ['retrace-log', 'log']])).rejects.toThrow('EISDIR')
    expect([task.has('outcome.json'), task.has('retrace-log')]).toEqual([false, false])
  })
})

describe('endLog()', () => {
  it('ends the task with the log so far and a last line', async () => {
    await using directory = await taskWith({ 'worker.log': 'read: a core\n', 'retrace-log.partial': 'older' })
    await endLog(directory.task, 'server: that is all')
    expect(directory.task.text('retrace-log')).toBe('read: a core\nserver: that is all\n')
    expect(readdirSync(directory.task.directory).sort()).toEqual(['retrace-log', 'worker.log'])
  })

  it('says its line where there is no log at all', async () => {
    await using directory = await taskWith()
    await endLog(directory.task, 'server: that is all')
    expect(directory.task.text('retrace-log')).toBe('server: that is all\n')
  })

  it('reads no log whole: one of 256 MiB costs no memory', async () => {
    await using directory = await taskWith({ 'worker.log': 'read: a core\n' })
    const { task } = directory
    const size = 2 ** 28
    truncateSync(task.file('worker.log'), size)
    const before = resourceUsage().maxRSS
    await endLog(task, 'server: that is all')
    expect(statSync(task.file('retrace-log')).size).toBe(size + 'server: that is all\n'.length)
    expect(resourceUsage().maxRSS - before).toBeLessThan(100 * 1024)
  })
})

describe('the step of a task', () => {
  it.each(STEPS)('reads the step of a task as it was written: %s', async (step) => {
    await using directory = await taskWith({ step: 'report\n' })
    writeStep(directory.task, step)
    expect(readStep(directory.task)).toBe(step)
  })

  it.each(['', 'dance\n', 'debug: gdb\n'])(
    'reads no step where the file says no word of the list: %j',
    async (text) => {
      await using directory = await taskWith({ step: text })
      expect(readStep(directory.task)).toBeUndefined()
    },
  )

  it('stops no worker when it cannot be written', async () => {
    await using directory = await taskWith()
    const { task } = directory
    mkdirSync(partialOf(task, 'step'))
    writeStep(task, 'debug')
    expect(existsSync(task.file('step'))).toBe(false)
  })

  it('takes the place of a folder of its name', async () => {
    await using directory = await taskWith()
    const { task } = directory
    mkdirSync(join(task.file('step'), 'x'), { recursive: true })
    writeStep(task, 'debug')
    expect(readStep(task)).toBe('debug')
  })
})
