/**
 * Uploads for tests: archives as the real programs make them, and archives that no program makes, put together header
 * by header. Also a draft to receive them into, and a folder to keep all of it in.
 */
import { execFileSync } from 'node:child_process'
import { Buffer } from 'node:buffer'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { Spool } from '../../src/spool/spool.ts'

export const MIB = 1024 * 1024

/** An ELF64 core's first bytes, padded with `size` bytes in all; enough for what looks at no more. */
export function fakeCore(size = 4096): Buffer {
  const core = Buffer.alloc(Math.max(size, 64))
  core.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  core.writeUInt16LE(4, 16)
  core.writeUInt16LE(62, 18)
  // Content that is no zeros at its end, so that the length cannot be right by chance.
  core.write('end of core', core.length - 11)
  return core
}

/** Members of the design's manifest that pass every check. */
export function designMembers(core: Uint8Array = fakeCore()): Record<string, string | Uint8Array> {
  return {
    coredump: core,
    architecture: 'x86_64\n',
    release: 'Debian GNU/Linux 12 (bookworm)\n',
    packages: 'bash_5.2.15-2+b7_amd64\n',
  }
}

/** Members of the ABRT client's manifest that pass every check. */
export function abrtMembers(core: Uint8Array = fakeCore()): Record<string, string | Uint8Array> {
  return {
    coredump: core,
    executable: '/usr/bin/bash',
    package: 'bash-5.2.26-3.fc40',
    os_release: 'Fedora release 40 (Forty)',
  }
}

/** What a member made here has beside its content; every part of the header can be wrong. */
export interface MadeMember {
  name: string
  content?: string | Uint8Array
  type?: string
  /** In place of the content's length. */
  size?: number | Uint8Array
  linkName?: string
  magic?: string
  prefix?: string
  /** Bytes written over the header before its sum is made. */
  patch?: { offset: number; bytes: Uint8Array }
}

/** One member: header, content, fill. */
export function makeMember(member: MadeMember): Buffer {
  const content = Buffer.from(member.content ?? '')
  const header = Buffer.alloc(512)
  header.write(member.name, 0, 100)
  header.write('0000600\0' + '0000000\0' + '0000000\0', 100)
  const size = member.size ?? content.length
  if (typeof size === 'number') header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else header.set(size, 124)
  header.write('14000000000\0', 136)
  header.write(member.type ?? '0', 156)
  header.write(member.linkName ?? '', 157, 100)
  header.write(member.magic ?? 'ustar\u000000', 257)
  header.write(member.prefix ?? '', 345, 155)
  if (member.patch) header.set(member.patch.bytes, member.patch.offset)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - content.length % 512) % 512)])
}

/** A tar of these members, ended by two blocks of zeros unless `end` says otherwise. */
export function makeTar(members: readonly MadeMember[], end: Uint8Array = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...members.map(makeMember), end])
}

/** A tar of plain files. */
export function tarOf(files: Record<string, string | Uint8Array>): Buffer {
  return makeTar(Object.entries(files).map(([name, content]) => ({ name, content })))
}

/** A PAX extended header with these records, in their order. */
export function paxHeader(records: readonly (readonly [string, string])[], type = 'x'): MadeMember {
  return { name: 'PaxHeader', type, content: records.map(([key, value]) => paxRecord(key, value)).join('') }
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length++
  return `${length} ${key}=${value}\n`
}

/** GNU tar over files that are written into `folder` first; `options` as on its command line. */
export function gnuTar(folder: string, files: Record<string, string | Uint8Array>, options: string[] = []): Buffer {
  const source = mkdtempSync(join(folder, 'tar-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(source, name), content)
  return gnuTarOf(source, Object.keys(files), options)
}

/** GNU tar over what lies in `source`. */
export function gnuTarOf(source: string, names: string[], options: string[] = []): Buffer {
  return execFileSync('tar', ['-c', ...options, '-C', source, ...names], { maxBuffer: 1024 * MIB })
}

/** Bytes packed by the real program. */
export function pack(program: 'xz' | 'gzip' | 'zstd', bytes: Uint8Array, options: string[] = []): Buffer {
  return execFileSync(program, ['-c', ...options], { input: bytes, maxBuffer: 1024 * MIB })
}

/** A body as it would arrive, in pieces of `size` bytes. */
export async function* inPieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** A folder with a spool and a database of its own; dispose it to have nothing left. */
export interface TestSpool extends AsyncDisposable {
  folder: string
  config: Config
  database: Database
  spool: Spool
  /** Names in the spool's directory. */
  names(): string[]
}

/** `settings` by their RETRACE_ names; free space is not looked at unless they say so. */
export async function testSpool(settings: Record<string, string> = {}): Promise<TestSpool> {
  const folder = mkdtempSync(join(tmpdir(), 'retrace-test-'))
  const config = readConfig(PROGRAMS, {
    RETRACE_SPOOL_DIR: join(folder, 'spool'),
    RETRACE_DATABASE: join(folder, 'retrace.db'),
    RETRACE_MIN_FREE_MB: '0',
    ...settings,
  })
  const database = openDatabase(config.database, { migrate: true })
  const spool = await Spool.open(config, database)
  return {
    folder,
    config,
    database,
    spool,
    names: () => readdirSync(config.spoolDir).sort(),
    async [Symbol.asyncDispose]() {
      await Promise.resolve()
      database.$client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
