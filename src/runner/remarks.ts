/** What a worker said to the administrator alone, moved from the task's folder into the log. */
import { rmSync } from 'node:fs'
import { readPlain } from '../files/plain.ts'
import { REMARKS } from '../task/files.ts'
import type { Task } from '../task/task.ts'
import { log } from '../telemetry/log.ts'
import { escapeText } from '../text/escape.ts'

const MAX_BYTES = 65_536

export function logRemarks(task: Task): void {
  const bytes = readPlain(task.file(REMARKS), { length: MAX_BYTES })
  if (bytes === undefined) return
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line !== '') log('runner').warning(escapeText(line), { task: task.id })
  }
  rmSync(task.file(REMARKS), { force: true })
}
