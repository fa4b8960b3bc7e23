/**
 * Many small tasks at once against two at a time, which is what two processors can do: the same crash, packages here, two servers that
 * differ by their limits. What each task needs of memory is learned in the round that does not count, as on a server that has run for a day.
 */
import { crashWorld, runProgram, type Upload } from '../helpers/crash_world.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, serverSettings, startServerChild } from '../helpers/server.ts'
import { retraceOne } from './crowd_clients.ts'
import { against, alternate, type Figure } from './figure.ts'

const TASKS = 20
const AT_A_TIME = 2
/** 0.95 of the throughput. */
const GOAL = 1.053

export async function* figures(): AsyncGenerator<Figure> {
  await using many = await temporaryFolder()
  await using manyWorld = await crashWorld(many)
  await using manyServer = await synced(many, TASKS)
  await using few = await temporaryFolder()
  await using fewWorld = await crashWorld(few)
  await using fewServer = await synced(few, AT_A_TIME)
  const ours = () => allAtOnce(manyServer, manyWorld.uploads.bare)
  const theirs = () => allAtOnce(fewServer, fewWorld.uploads.bare)
  yield against('small-tasks-20-at-once-over-2-at-a-time', await alternate(ours, theirs), { unit: 's', goal: GOAL })
}

/** A server that runs so many at once. */
async function synced(folder: Folder, running: number): Promise<ServerChild> {
  const sync = await runProgram('abrt-reposync', serverSettings(folder).settings)
  if (sync.code !== 0) throw new Error(`abrt-reposync failed: ${sync.text}`)
  const limits = { RETRACE_MAX_RUNNING_TASKS: String(running), RETRACE_MAX_QUEUED_TASKS: String(TASKS) }
  return await startServerChild({ folder, settings: limits })
}

/** Twenty that are sent in the same moment, until the last has ended. */
async function allAtOnce(server: ServerChild, upload: Upload): Promise<void> {
  await Promise.all(Array.from({ length: TASKS }, (_, each) => retraceOne(server, upload, each)))
}
