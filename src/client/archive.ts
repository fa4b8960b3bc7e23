/**
 * What is sent, as a file: the core with what is known of the machine in a tar of the design's manifest, or the core alone;
 * packed by xz -2, zstd or gzip, by what is there and what the server takes. The file is written before anybody is asked,
 * so that its size is no guess.
 */
import { createReadStream, createWriteStream, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-fs'
import { startForSender } from '../process/sender.ts'
import { MIB } from '../units/bytes.ts'
import { ClientFailure } from './failure.ts'
import type { Machine } from './machine.ts'

export interface Archive {
  readonly path: string
  readonly size: number
  readonly headers: Readonly<Record<string, string>>
}

interface Packing {
  readonly name: 'xz' | 'zstd' | 'gzip'
  /** Of a packed tar. */
  readonly type: string
  readonly words: readonly [string, ...string[]] | undefined
}

const XZ: Packing = { name: 'xz', type: 'application/x-xz', words: ['xz', '-2', '-T2', '-c'] }
const ZSTD: Packing = { name: 'zstd', type: 'application/zstd', words: ['zstd', '-6', '-T2', '-q', '-c'] }
const GZIP: Packing = { name: 'gzip', type: 'application/x-gzip', words: undefined }
/** Of more than this zstd is chosen before xz: it needs a tenth of the time. */
const LARGE = 64 * MIB
const PACK_MS = 900_000

/** `taken`: the content types that the server says it takes; undefined where it says nothing. Throws ClientFailure. */
export async function makeArchive(
  core: string,
  { folder, machine, architecture, taken, signal }: {
    folder: string
    machine: Machine | undefined
    architecture: string
    taken: ReadonlySet<string> | undefined
    signal: AbortSignal
  },
): Promise<Archive> {
  mkdirSync(folder, { mode: 0o700 })
  const { size } = statSync(core)
  const order = size > LARGE ? [ZSTD, XZ, GZIP] : [XZ, ZSTD, GZIP]
  const packings = order.filter(({ type }) => taken === undefined ? type !== ZSTD.type : taken.has(type))
  for (const packing of packings.length === 0 ? [GZIP] : packings) {
    const path = join(folder, `archive.${packing.name}`)
    const plain = machine === undefined ? createReadStream(core) : tarOf(core, folder, machine, architecture)
    if (!await packTo(path, plain, packing, signal)) continue
    const headers: Record<string, string> = machine === undefined
      ? { 'Content-Type': 'application/x-core', 'Content-Encoding': packing.name }
      : { 'Content-Type': packing.type }
    return { path, size: statSync(path).size, headers }
  }
  throw new ClientFailure('There is no program that packs the core as the server takes it: install xz-utils or zstd')
}

/** The four members of the design's manifest; no user, group or time of this machine is in their headers. */
function tarOf(core: string, folder: string, machine: Machine, architecture: string): Readable {
  const members = join(folder, `members-${Math.random().toString(36).slice(2)}`)
  mkdirSync(members, { mode: 0o700 })
  placeCore(resolve(core), join(members, 'coredump'))
  writeFileSync(join(members, 'architecture'), `${architecture}\n`)
  writeFileSync(join(members, 'release'), `${machine.release}\n`)
  writeFileSync(join(members, 'packages'), machine.packages.map((each) => `${each}\n`).join(''))
  return pack(members, {
    entries: ['coredump', 'architecture', 'release', 'packages'],
    dereference: true,
    map: (header) => ({ ...header, uid: 0, gid: 0, mode: 0o600, mtime: new Date(0) }),
  }) as unknown as Readable
}

function placeCore(core: string, place: string): void {
  try {
    linkSync(core, place)
  } catch {
    symlinkSync(core, place)
  }
}

/** False: its program is not there. */
async function packTo(path: string, plain: Readable, { words }: Packing, signal: AbortSignal): Promise<boolean> {
  const output = createWriteStream(path, { mode: 0o600 })
  if (words === undefined) {
    await pipeline(plain, createGzip({ level: 6 }), output, { signal })
    return true
  }
  await using running = startForSender(words[0] as 'xz' | 'zstd', words, { input: plain, signal, timeoutMs: PACK_MS })
  await pipeline(running.output, output, { signal })
  const { failure, code, complaint } = await running.ended
  if (failure?.kind === 'not-started') return false
  if (failure !== undefined || code !== 0) {
    throw new ClientFailure(`${words[0]} could not pack the core: ${failure?.message ?? complaint}`)
  }
  return true
}
