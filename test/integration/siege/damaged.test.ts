/** Folders of tasks in which somebody made of the files what they are not: each task ends with a sentence, the server starts. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const FOLDER = (path: string) => mkdirSync(join(path, 'x'), { recursive: true })
const PIPE = (path: string) => void execFileSync('mkfifo', [path])

it('runs tasks again whose files have become folders, pipes and links, and follows none of these', async () => {
  await using folder = await temporaryFolder()
  const outside = folder.file('outside')
  writeFileSync(outside, 'not ours\n')
  const LINK = (path: string) => symlinkSync(outside, path)
  const damages: [string, (path: string) => void][] = ['worker.log', 'started', 'step', 'created', 'manifest'].flatMap(
    (name) => [FOLDER, PIPE, LINK].map((damage) => [name, damage] as [string, (path: string) => void]),
  )
  const settings = { RETRACE_MAX_RUNNING_TASKS: '20', RETRACE_MAX_TASKS_PER_CLIENT: '20', RETRACE_TASK_MEMORY_MB: '64' }
  const tasks = []
  {
    const waiting = scriptedWorker(folder, 'while [ -d . ]; do sleep 0.2; done')
    await using first = await startServer({ folder, settings, workerCommand: waiting })
    for (let made = 0; made < damages.length; made++) tasks.push(await createTask(first))
  }
  await using second = await (async () => {
    const spool = (id: string, name: string) => join(folder.path, 'spool', id, name)
    for (const [index, [name, damage]] of damages.entries()) {
      const path = spool(tasks[index]?.id ?? '', name)
      rmSync(path, { recursive: true, force: true })
      damage(path)
    }
    return await startServer({ folder, settings, workerCommand: scriptedWorker(folder, SUCCEED) })
  })()
  for (const [index, task] of tasks.entries()) {
    expect([damages[index]?.[0], await endOf(second, task)]).toEqual([damages[index]?.[0], 'FINISHED_SUCCESS'])
  }
  expect(readFileSync(outside, 'utf8')).toBe('not ours\n')
})
