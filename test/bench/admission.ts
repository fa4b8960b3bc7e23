/**
 * Many small tasks at once against two at a time, which is what two processors can do: the same crash, packages here, the same server
 * but for its limits. What each needs of memory is learned before the clock runs, as on a server that has run for a day.
 */
import type { Folder } from '../helpers/folder.ts'
import { crashWorld, runProgram, type Upload } from '../helpers/crash_world.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, serverSettings, startServerChild } from '../helpers/server.ts'
import { follow, send } from './crowd_clients.ts'
import { against, alternate, type Figure } from './figure.ts'

const TASKS = 20
const AT_A_TIME = 2
const ROUNDS = 3
/** 0.95 of the throughput. */
const GOAL = 1.053

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  await using world = await crashWorld(folder)
  const sync = await runProgram('abrt-reposync', serverSettings(folder).settings)
  if (sync.code !== 0) throw new Error(`abrt-reposync failed: ${sync.text}`)
  const times = await alternate(
    () => allAtOnce(folder, world.uploads.bare, TASKS),
    () => allAtOnce(folder, world.uploads.bare, AT_A_TIME),
    ROUNDS,
  )
  yield against('small-tasks-20-at-once-over-2-at-a-time', times, { unit: 's', goal: GOAL })
}

/** Until all have ended; the server's start is in neither side's favour. */
async function allAtOnce(folder: Folder, upload: Upload, running: number): Promise<void> {
  const limits = { RETRACE_MAX_RUNNING_TASKS: String(running), RETRACE_MAX_QUEUED_TASKS: String(TASKS) }
  await using server = await startServerChild({ folder, settings: limits })
  await Promise.all(Array.from({ length: TASKS }, (_, each) => oneTask(server, upload, each)))
}

async function oneTask(server: ServerChild, upload: Upload, each: number): Promise<void> {
  const sent = await send(server, upload, each)
  if (sent.status !== 201) throw new Error(`An upload was answered ${sent.status} ${sent.text}`)
  const task = { id: String(sent.headers['x-task-id']), password: String(sent.headers['x-task-password']) }
  const end = await follow(server, task, each)
  if (end !== 'FINISHED_SUCCESS') throw new Error(`Task ${task.id}: ${end}`)
}
