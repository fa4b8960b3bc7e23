/** A task's directory with the given files in it, without a server: what a person or an older program may have made. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Task } from '../../src/task/task.ts'
import { temporaryFolder } from './folder.ts'

export interface TaskDirectory extends AsyncDisposable {
  readonly task: Task
}

export async function taskWith(files: Record<string, string | Uint8Array> = {}): Promise<TaskDirectory> {
  const folder = await temporaryFolder()
  const task = new Task(folder.file('7'))
  mkdirSync(task.directory, { mode: 0o700 })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(task.directory, name), content)
  return { task, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}
