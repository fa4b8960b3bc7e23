/**
 * Task ids, the table `task_id`: numbers that this server gives once, for ever, short enough to remember
 * (docs/design.txt, chapter 2.1).
 * The database counts them; a spool with higher ones, after the database was lost, moves the count up.
 */
import { max } from 'drizzle-orm'
import { type Database, isInPlace } from '../database/database.ts'
import { fileOf } from '../database/upkeep.ts'
import { writeInTurn } from '../database/write.ts'
import { RetraceError } from '../errors/errors.ts'
import { taskId } from '../../schema/tables.ts'

/** What an id looks like in a path, in a header and as the name of a directory: no sign, no leading zero. */
export function isTaskId(text: string): boolean {
  return /^[1-9][0-9]{0,14}$/.test(text)
}

/** Takes the next id. Throws database-unavailable. */
export async function nextTaskId(database: Database): Promise<number> {
  if (!isInPlace(database)) {
    throw new RetraceError('database-unavailable', {
      detail:
        'The database of the server (RETRACE_DATABASE) was deleted or moved while it ran; its administrator has ' +
        'to restore it and to start the server anew',
      headers: { 'Retry-After': '30' },
      cause: new Error(`The database that the server opened is no longer at ${fileOf(database)}`),
    })
  }
  try {
    return await writeInTurn(database, () => database.insert(taskId).values({}).returning({ id: taskId.id }).get().id)
  } catch (cause) {
    throw new RetraceError('database-unavailable', {
      detail: 'The server cannot give out a task id just now; try again in a minute',
      cause,
    })
  }
}

/** The highest that was given; 0: none was. */
export function highestTaskId(database: Database): number {
  return database.select({ id: max(taskId.id) }).from(taskId).get()?.id ?? 0
}

/** Makes sure that the next id is above `highest`, the largest in the spool. */
export function skipTaskIds(database: Database, highest: number): void {
  if (highest > highestTaskId(database)) database.insert(taskId).values({ id: highest }).onConflictDoNothing().run()
}
