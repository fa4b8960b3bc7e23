/**
 * Figures under load: the server's memory before and after a large upload and with 20 at once, and status while an
 * upload runs.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { designMembers, tarOf } from '../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServerChild } from '../helpers/server.ts'
import { scriptedWorker } from '../helpers/task.ts'
import { absolute, type Figure, percentile } from './figure.ts'
import { GOALS } from './goals.ts'
import { residentMb, statusTimes } from './http.ts'
import { fillSpool } from './spool.ts'
import { coreOf, upload } from './uploads.ts'

const MIB = 1_048_576
const TASKS = 10_000
/** After its start and one answer; what those needed, V8 gives back when nothing is to be done. */
const IDLE_MS = 10_000

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  fillSpool(folder, TASKS)
  {
    await using server = await startServerChild({ folder })
    await statusTimes(server, { tasks: TASKS, requests: 1 })
    await pause(IDLE_MS)
    const idle = residentMb(server.child.pid ?? 0)
    yield absolute('server-rss-idle', idle, { unit: 'MiB', goal: GOALS['server-rss-idle'] })
  }
  // With a worker that ends at once it runs from its modules, and holds more of them: what follows is told above that.
  await using server = await startServerChild({ folder, workerCommand: scriptedWorker(folder, 'exit 1') })
  const pid = server.child.pid ?? 0
  await statusTimes(server, { tasks: TASKS, requests: 1 })
  const idle = residentMb(pid)

  const large = archive(folder, 450)
  await upload(server, large)
  yield absolute('server-rss-after-450-mib-upload', residentMb(pid) - idle, { unit: 'MiB more', goal: 64 })

  const sending = upload(server, large)
  const times = await statusTimes(server, { tasks: TASKS, requests: 1000 })
  await sending
  yield absolute('status-while-uploading-p50', percentile(times, 50), { unit: 'ms', goal: 5 })
  yield absolute('status-while-uploading-p99', percentile(times, 99), { unit: 'ms', goal: 25 })

  const small = archive(folder, 40)
  await Promise.all(Array.from({ length: 20 }, (_, each) => upload(server, small, undefined, `127.0.2.${1 + each}`)))
  yield absolute('server-rss-peak-20-uploads', residentMb(pid, true) - idle, { unit: 'MiB more', goal: 128 })
}

/** A design archive, `xz -2`, whose core has this many MiB. */
function archive(folder: Folder, mib: number): string {
  const path = folder.file(`${mib}.tar.xz`)
  const input = tarOf(designMembers(coreOf(mib)))
  writeFileSync(path, execFileSync('xz', ['-2', '-T0', '-c'], { input, maxBuffer: 1024 * MIB }))
  return path
}
