/**
 * Uploads against the decoder and tar that a user would pick: the same bytes, both on the disk in the end. A core of 200 MiB, an
 * eighth of it random and most of the rest zeros, as in cores of programs.
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { designMembers, tarOf } from '../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'
import { scriptedWorker } from '../helpers/task.ts'
import { against, alternate, type Figure } from './figure.ts'
import { GOALS } from './goals.ts'

const MIB = 1_048_576
const CORE_MIB = 200
const UNCOUNTED = 4

/** What packs it, and what the peer does with the file. */
const ENCODINGS = [
  {
    type: 'application/x-xz',
    pack: ['xz', '-2', '-T0', '-c'],
    unpack: 'xz -dc "$1" | tar -x',
    name: 'upload-xz-over-tar',
    goal: GOALS['upload-xz-over-tar'],
  },
  {
    type: 'application/gzip',
    pack: ['gzip', '-c'],
    unpack: 'gzip -dc "$1" | tar -x',
    name: 'upload-gzip-over-tar',
    goal: GOALS['upload-gzip-over-tar'],
  },
  {
    type: 'application/zstd',
    pack: ['zstd', '-c'],
    unpack: 'zstd -dc "$1" | tar -x',
    name: 'upload-zstd-over-tar',
    goal: GOALS['upload-zstd-over-tar'],
  },
  {
    type: 'application/x-tar',
    pack: ['cat'],
    unpack: 'tar -xf "$1"',
    name: 'upload-none-over-tar',
    goal: GOALS['upload-none-over-tar'],
  },
] as const

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const settings = { RETRACE_MAX_PACKED_MB: '500' }
  const workerCommand = scriptedWorker(folder, 'rm -f "$1/coredump"; exit 1')
  await using server = await startServerChild({ folder, workerCommand, settings })
  const plain = tarOf(designMembers(coreOf(CORE_MIB)))
  for (const { type, pack, unpack, name, goal } of ENCODINGS) {
    const [program, ...args] = pack
    const path = folder.file(name)
    writeFileSync(path, execFileSync(program, args, { input: plain, maxBuffer: 1024 * MIB }))
    // As a server is that has run for a while: V8 compiles what runs often, and the first ones take half as long again.
    for (let each = 0; each < UNCOUNTED; each++) await upload(server, path, type)
    const times = await alternate(() => upload(server, path, type), () => unpacked(folder, path, unpack))
    yield against(name, times, { unit: 's', goal })
  }
}

/** The peer: into a folder of its own, and on the disk. */
async function unpacked(folder: Folder, path: string, command: string): Promise<void> {
  const place = folder.file('unpacked')
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  const script = `cd "$2" && ${command} && sync -- *`
  const child = spawn('sh', ['-c', script, 'sh', path, place], { stdio: 'ignore' })
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${command} ended with ${child.exitCode}`)
}

/** A core of so many MiB. */
export function coreOf(mib: number): Uint8Array {
  const core = new Uint8Array(mib * MIB)
  core.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4])
  for (let at = 64; at + MIB < core.length; at += MIB) {
    randomFillSync(core, at, 4096)
    core.copyWithin(at + 4096, at, at + MIB / 8)
  }
  return core
}

/**
 * Sends a file by curl over HTTP/1.1, which ABRT's client speaks, from one of this machine's addresses; done when the 201 has come. A
 * client of Node's own would take longer for it than the server does.
 */
export async function upload(
  server: Pick<ServerChild, 'url' | 'ca'>,
  path: string,
  type = 'application/x-xz',
  localAddress = '127.0.0.1',
): Promise<void> {
  const authority = `${path}-${localAddress}.pem`
  writeFileSync(authority, server.ca)
  const headers = [`Content-Type: ${type}`, 'Prefer: respond-async', 'Expect:'].flatMap((each) => ['--header', each])
  const words = ['--http1.1', '--cacert', authority, '--interface', localAddress, ...headers, '--upload-file', path]
  const told = ['--silent', '--show-error', '--output', '/dev/null', '--write-out', '%{http_code}']
  const child = spawn('curl', [...told, '--request', 'POST', ...words, `${server.url}/create`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let status = ''
  child.stdout.on('data', (chunk: Uint8Array) => status += String(chunk))
  await once(child, 'close')
  rmSync(authority)
  if (status !== '201') throw new Error(`Expected 201, got ${status}`)
}
