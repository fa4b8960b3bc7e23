/**
 * What the worker says to the administrator and not to the client: addresses, what they answered, paths. Under a server it goes
 * into the file `remarks`, which that moves into its own log; by hand, to standard error.
 */
import { closeSync, fstatSync, lstatSync, openSync, writeFileSync } from 'node:fs'
import { stderr } from 'node:process'
import { APPENDING } from '../../src/files/plain.ts'
import { errnoOf } from '../../src/errors/errno.ts'
import { REMARKS } from '../../src/task/files.ts'
import type { Task } from '../../src/task/task.ts'
import { escapeText } from '../../src/text/escape.ts'

const MAX_CHARACTERS = 65_536
const MAX_LINE = 1_000

/** The function that takes a remark. A disk that does not take it stops nobody. */
export function remarksOf(task: Task): (text: string) => void {
  const isServed = isOurLog(task)
  let left = MAX_CHARACTERS
  return (text) => {
    const line = `${escapeText(text).slice(0, MAX_LINE)}\n`
    if ((left -= line.length) < 0) return
    if (!isServed) return void stderr.write(line)
    try {
      append(task.file(REMARKS), line)
    } catch (cause) {
      if (errnoOf(cause) === undefined) throw cause
    }
  }
}

function append(path: string, line: string): void {
  const descriptor = openSync(path, APPENDING, 0o600)
  try {
    writeFileSync(descriptor, line)
  } finally {
    closeSync(descriptor)
  }
}

/** Whether the client reads what goes to standard error. */
function isOurLog(task: Task): boolean {
  const log = lstatSync(task.file('worker.log'), { throwIfNoEntry: false })
  const { dev, ino } = fstatSync(2)
  return log?.dev === dev && log.ino === ino
}
