/**
 * Figures under load: the server's memory before and after a large upload and with 20 at once, and status while an
 * upload runs.
 */
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { createReadStream, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { designMembers, tarOf } from '../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'
import { scriptedWorker } from '../helpers/task.ts'
import { absolute, type Figure, percentile } from './figure.ts'
import { GOALS } from './goals.ts'
import { residentMb, statusTimes } from './http.ts'
import { fillSpool } from './spool.ts'

const MIB = 1_048_576
const TASKS = 10_000

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  fillSpool(folder, TASKS)
  await using server = await startServerChild({ folder, workerCommand: scriptedWorker(folder, 'exit 1') })
  const pid = server.child.pid ?? 0
  await statusTimes(server, { tasks: TASKS, requests: 1 })
  const idle = residentMb(pid)
  yield absolute('server-rss-idle', idle, { unit: 'MiB', goal: GOALS['server-rss-idle'] })

  const large = archive(folder, 450)
  await upload(server, large)
  yield absolute('server-rss-after-450-mib-upload', residentMb(pid) - idle, { unit: 'MiB more', goal: 64 })

  const sending = upload(server, large)
  const times = await statusTimes(server, { tasks: TASKS, requests: 1000 })
  await sending
  yield absolute('status-while-uploading-p50', percentile(times, 50), { unit: 'ms', goal: 5 })
  yield absolute('status-while-uploading-p99', percentile(times, 99), { unit: 'ms', goal: 25 })

  const small = archive(folder, 40)
  await Promise.all(Array.from({ length: 20 }, (_, each) => upload(server, small, `127.0.2.${1 + each}`)))
  yield absolute('server-rss-peak-20-uploads', residentMb(pid, true) - idle, { unit: 'MiB more', goal: 128 })
}

/** A design archive, `xz -2`, whose core has this many MiB: an eighth of them random, as in cores of programs. */
function archive(folder: Folder, mib: number): string {
  const path = folder.file(`${mib}.tar.xz`)
  const core = new Uint8Array(mib * MIB)
  core.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  for (let at = 64; at + MIB < core.length; at += MIB) {
    randomFillSync(core, at, 4096)
    core.copyWithin(at + 4096, at, at + MIB / 8)
  }
  writeFileSync(
    path,
    execFileSync('xz', ['-2', '-T0', '-c'], { input: tarOf(designMembers(core)), maxBuffer: 1024 * MIB }),
  )
  return path
}

/** Sends a file as it would be sent by curl, from one of this machine's addresses; resolves when the 201 has come. */
async function upload(server: ServerChild, path: string, localAddress = '127.0.0.1'): Promise<void> {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sending = request(`${server.url}/create`, {
      method: 'POST',
      ca: server.ca,
      localAddress,
      headers: {
        'Content-Type': 'application/x-xz',
        'Content-Length': String(statSync(path).size),
        'Prefer': 'respond-async',
      },
    }, (answer) => resolve(answer.resume().statusCode))
    sending.on('error', reject)
    createReadStream(path).pipe(sending)
  })
  if (status !== 201) throw new Error(`Expected 201, got ${status}`)
}
