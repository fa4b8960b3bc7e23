/** What abrt-retrace-clean says to people: the table of tasks, the summary of what was freed. Pure. */
import type { Freed } from './clean.ts'
import type { SeenTask } from './tasks.ts'
import { megabytes } from '../../src/units/bytes.ts'
import { HOUR_MS } from '../../src/units/time.ts'
import { count } from '../../src/text/count.ts'

/** A task of `--list --json`. */
export interface ListedTask {
  id: string
  created: string
  age_days: number
  state: SeenTask['state']
  bytes: number
}

export function listed({ task, created, state, bytes }: SeenTask, now: Date): ListedTask {
  // Of a task that a clock made in the future: 0.
  const days = Math.max(0, now.getTime() - created.getTime()) / (24 * HOUR_MS)
  return { id: task.id, created: created.toISOString(), age_days: Math.round(days * 1000) / 1000, state, bytes }
}

/** A table with a line of sums; one sentence when there is nothing. */
export function taskTable(tasks: ListedTask[]): string {
  if (tasks.length === 0) return 'There are no tasks\n'
  const rows = tasks.map((task) => [task.id, age(task.age_days), task.state, megabytes(task.bytes)])
  const table = [['TASK', 'AGE', 'STATE', 'SIZE'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  const sum = tasks.reduce((bytes, task) => bytes + task.bytes, 0)
  return `${lines.join('\n')}\n${count(tasks.length, 'task')}, ${megabytes(sum)}\n`
}

/** Whether anything was done, or stays that should have gone: cron sends a letter for each line. */
export function isWorthSaying(
  { tasks, left_overs, packages, timings, counts, database_bytes, processes }: Freed,
): boolean {
  const done = [tasks.deleted.length, tasks.kept.length, left_overs.deleted, packages.evicted, packages.strays]
  return [...done, timings, counts, database_bytes, processes].some((number) => number > 0)
}

/** One line of what was freed, and one for each thing that stays although it was asked for or is too old. */
export function summary(freed: Freed): string {
  const deleted = freed.dry_run ? 'Would delete' : 'Deleted'
  const parts = [
    `${count(freed.tasks.deleted.length, 'task')} (${megabytes(freed.tasks.bytes)})`,
    `${count(freed.left_overs.deleted, 'left-over')} (${megabytes(freed.left_overs.bytes)})`,
    `${count(freed.packages.evicted, 'package')} over the quota (${megabytes(freed.packages.bytes)})`,
    count(freed.timings, 'old timing'),
    count(freed.counts, 'old count of crashes', 'old counts of crashes'),
  ]
  if (freed.processes > 0) parts.push(count(freed.processes, 'orphaned process', 'orphaned processes'))
  if (freed.packages.strays > 0) parts.push(`${count(freed.packages.strays, 'stray name')} among the packages`)
  if (freed.database_bytes > 0) parts.push(`${megabytes(freed.database_bytes)} of the database`)
  const failures = new Set(freed.failures)
  const kept = freed.tasks.kept.map(({ id, reason }) => `task ${id} stays: ${reason}`)
    .filter((line) => !failures.has(line))
  return `${deleted} ${parts.join(', ')}\n${kept.map((line) => `${line}\n`).join('')}`
}

function age(days: number): string {
  const hours = Math.floor(days * 24)
  return hours < 48 ? `${hours} h` : count(Math.floor(days), 'day')
}
