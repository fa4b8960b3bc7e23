/**
 * Where the core comes from: a file, standard input, what coredumpctl keeps, a problem directory of ABRT, a report of
 * apport. Whatever is packed is unpacked into a private folder. Each failure is a sentence.
 */
import { closeSync, createReadStream, createWriteStream, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { stdin } from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { errnoOf } from '../errors/errno.ts'
import { corePattern } from '../process/proc.ts'
import { gathered } from '../process/gather.ts'
import { startForSender } from '../process/sender.ts'
import { GIB } from '../units/bytes.ts'
import { apportCore } from './apport.ts'
import { ClientFailure, EXIT } from './failure.ts'

export interface Found {
  /** A plain core, or what is taken for one. */
  readonly path: string
  /** When it was written, in Unix milliseconds; undefined: nobody says. */
  readonly time: number | undefined
}

/** Of a core that is unpacked or comes from standard input. */
const MAX_UNPACKED = 64 * GIB
const DUMP_MS = 600_000
const LIST_MS = 30_000
const MAX_LIST = 1 << 20
const HEAD = 16

/** `folder`: private, for what has to be written. Throws ClientFailure. */
export async function findCore(
  { what, isLast }: { what: string; isLast: boolean },
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<Found> {
  if (isLast) return await fromCoredumpctl([], folder, signal)
  if (what === '-') {
    await write(stdin, join(folder, 'input'), signal)
    return await unpacked(join(folder, 'input'), { folder, signal, time: Date.now() })
  }
  const about = statSync(what, { throwIfNoEntry: false })
  if (about?.isDirectory()) return await fromDirectory(what, { folder, signal })
  if (about?.isFile()) return await unpacked(what, { folder, signal, time: about.mtimeMs })
  if (about !== undefined) throw new ClientFailure(`${what} is no file`, { exit: EXIT.usage })
  if (what.includes('/')) throw new ClientFailure(`${what} is not there${whereCoresGo()}`, { exit: EXIT.usage })
  return await fromCoredumpctl([what], folder, signal)
}

/** ABRT's names for a core, plain and packed. */
const IN_DIRECTORY = ['coredump', 'coredump.zst', 'coredump.xz', 'coredump.gz', 'coredump.lz4']

async function fromDirectory(path: string, options: { folder: string; signal: AbortSignal }): Promise<Found> {
  const core = IN_DIRECTORY.map((name) => join(path, name)).find((name) => existsSync(name))
  if (core === undefined) {
    throw new ClientFailure(`${path} is a directory without a file 'coredump', so it is no problem directory of ABRT`, {
      exit: EXIT.usage,
    })
  }
  return await unpacked(core, { ...options, time: statSync(core).mtimeMs })
}

async function fromCoredumpctl(match: string[], folder: string, signal: AbortSignal): Promise<Found> {
  const path = join(folder, 'kept')
  const words = ['coredumpctl', '--no-pager', '--quiet', '-1', `--output=${path}`, 'dump', '--', ...match] as const
  await using running = startForSender('coredumpctl', [...words], { signal, timeoutMs: DUMP_MS })
  running.output.resume()
  const { code, failure, complaint } = await running.ended
  const name = match[0] ?? 'the last crash'
  if (failure?.kind === 'not-started') {
    throw new ClientFailure(`${name} is no file, and there is no coredumpctl to ask for a crash${whereCoresGo()}`, {
      exit: EXIT.usage,
    })
  }
  if (code !== 0 || !existsSync(path) || statSync(path).size === 0) {
    const why = complaint === '' ? '' : ` (${complaint})`
    const hint = /ermission/.test(complaint) ? '; it is kept for root: run this with sudo' : ''
    throw new ClientFailure(`coredumpctl has no core of ${name}${why}${hint || whereCoresGo()}`, { exit: EXIT.usage })
  }
  return { path, time: await timeOfCrash(match, signal) }
}

/** What was dumped is as young as its dump: coredumpctl knows when the program crashed (coredumpctl(1), --json). */
async function timeOfCrash(match: string[], signal: AbortSignal): Promise<number | undefined> {
  const words = ['coredumpctl', '--no-pager', '--quiet', '-1', '--json=short', 'list', '--', ...match] as const
  await using running = startForSender('coredumpctl', [...words], { signal, timeoutMs: LIST_MS })
  const text = new TextDecoder().decode(await gathered(running, running.output, MAX_LIST))
  await running.ended
  return timeListed(text)
}

/** Unix milliseconds of the last row of `coredumpctl --json=short list`; undefined: an older one, which knows no JSON. Pure. */
export function timeListed(text: string): number | undefined {
  try {
    const rows: unknown = JSON.parse(text)
    const last: unknown = Array.isArray(rows) ? rows.at(-1) : undefined
    const time = typeof last === 'object' && last !== null && 'time' in last ? Number(last.time) : NaN
    return Number.isSafeInteger(time) && time > 0 ? time / 1000 : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const PROGRAMS = [
  { magic: [0xfd, 0x37, 0x7a, 0x58], words: ['xz', '-dc'] },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], words: ['zstd', '-dcq'] },
  { magic: [0x04, 0x22, 0x4d, 0x18], words: ['lz4', '-dcq'] },
] as const

/** What is packed once is unpacked; anything else is left for the reader to name. */
async function unpacked(
  path: string,
  { folder, signal, time }: { folder: string; signal: AbortSignal; time: number | undefined },
): Promise<Found> {
  const head = headOf(path)
  const output = join(folder, 'core')
  const begins = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte)
  if (begins([0x1f, 0x8b])) {
    await write(createReadStream(path).pipe(createGunzip()), output, signal, path)
    return { path: output, time }
  }
  if (new TextDecoder().decode(head).startsWith('ProblemType')) {
    const packed = join(folder, 'packed')
    await write(Readable.from(apportCore(createReadStream(path))), packed, signal, path)
    return await unpacked(packed, { folder, signal, time })
  }
  const program = PROGRAMS.find(({ magic }) => begins(magic))
  if (program === undefined) return { path, time }
  const [name, option] = program.words
  await using running = startForSender(name, [name, option], { input: createReadStream(path), signal })
  await write(running.output, output, signal, path)
  const { failure, code, complaint } = await running.ended
  if (failure !== undefined || code !== 0) {
    throw new ClientFailure(`${path} cannot be unpacked: ${failure?.message ?? complaint}`)
  }
  return { path: output, time }
}

function headOf(path: string): Uint8Array {
  const bytes = new Uint8Array(HEAD)
  try {
    const descriptor = openSync(path, 'r')
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, HEAD, 0))
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    const hint = errnoOf(cause) === 'EACCES' ? '; it may be kept for root: run this with sudo' : ''
    throw new ClientFailure(`${path} cannot be read (${errnoOf(cause) ?? cause})${hint}`, { exit: EXIT.usage, cause })
  }
}

async function write(from: Readable, path: string, signal: AbortSignal, name = 'standard input'): Promise<void> {
  let size = 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > MAX_UNPACKED) throw new ClientFailure(`${name} unpacks to more than 64 GB`)
      yield chunk
    }
  }
  try {
    await pipeline(from, counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
  } catch (cause) {
    if (cause instanceof ClientFailure || signal.aborted) throw cause
    throw new ClientFailure(`${name} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** What the kernel does with cores here, as the end of a sentence. */
function whereCoresGo(): string {
  const pattern = corePattern()
  if (pattern === undefined) return ''
  if (pattern.startsWith('|')) {
    const program = pattern.slice(1).trim().split(/\s/)[0] ?? ''
    if (program.endsWith('systemd-coredump')) return `; systemd keeps cores here: 'coredumpctl list' names them`
    return `; the kernel gives cores to ${program} here, which keeps them where it likes (core_pattern)`
  }
  return `; the kernel writes cores as '${pattern}' here, where 'ulimit -c' allows it`
}
