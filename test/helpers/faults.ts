/**
 * Faults that an administrator meets, one a row: how each is made in a folder of a test, before the start or under a server that
 * runs, and which looks of `--check` see it. test/integration/faults.test.ts makes each, and docs/trouble.md is what was said.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { once } from 'node:events'
import { openDatabase } from '../../src/database/database.ts'
import { takeSpoolLock } from '../../src/spool/server_lock.ts'
import { engineOf } from './engine_folder.ts'
import { dated, selfSignedAs } from './dated_certificate.ts'
import type { Folder } from './folder.ts'

type Undo = () => unknown

export interface Fault {
  what: string
  /** The looks of `--check` that are asked. */
  looks: readonly string[]
  settings?: (folder: Folder) => Record<string, string>
  /** Made before the start; the value takes it back. */
  before?: (folder: Folder) => Undo | void | Promise<Undo | void>
  /** Made under a server that runs. */
  during?: (folder: Folder) => Undo | void
  /** It takes mounts to make it. */
  mounts?: true
  /** Folders that have a small file system of their own from before the start on. */
  small?: string
  /** What stands in the places of programs, /usr/bin/NAME, while a process of its own makes the row. */
  programs?: Readonly<Record<string, string>>
}

const certificate = ['certificate']
/** From when to when a certificate counts. */
const PAST = ['2020-01-01', '2020-02-01']
const FUTURE = ['2120-01-01', '2120-02-01']

export const FAULTS: readonly Fault[] = [
  // --- the certificate
  {
    what: 'the key of another certificate, of another type',
    looks: certificate,
    before: (folder) =>
      void execFileSync('openssl', ['genrsa', '-out', folder.file('key.pem'), '2048'], { stdio: 'pipe' }),
  },
  {
    what: 'a certificate that is no longer valid',
    looks: certificate,
    before: (folder) => dated(folder, PAST),
  },
  {
    what: 'a certificate that is not valid yet',
    looks: certificate,
    before: (folder) => dated(folder, FUTURE),
  },
  {
    what: 'a key of a curve that no client offers',
    looks: certificate,
    before: (folder) => selfSignedAs(folder, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']),
  },
  {
    what: 'a key that others can read',
    looks: certificate,
    before: (folder) => chmodSync(folder.file('key.pem'), 0o644),
  },
  {
    what: 'a key with a passphrase',
    looks: certificate,
    before: (folder) => {
      const words = [
        'pkey',
        '-in',
        folder.file('key.pem'),
        '-aes256',
        '-passout',
        'pass:x',
        '-out',
        folder.file('locked.pem'),
      ]
      execFileSync('openssl', words, { stdio: 'pipe' })
      renameSync(folder.file('locked.pem'), folder.file('key.pem'))
    },
  },
  {
    what: 'no certificate, and no proxy',
    looks: certificate,
    settings: () => ({ RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' }),
  },

  // --- another server
  {
    what: 'another server on the same spool',
    looks: ['spool'],
    before: (folder) => {
      mkdirSync(folder.file('spool'), { mode: 0o700 })
      const lock = takeSpoolLock({ spoolDir: folder.file('spool') })
      return () => lock[Symbol.dispose]()
    },
  },

  // --- where things lie
  { what: 'a spool that cannot be made', looks: ['spool'], settings: () => ({ RETRACE_SPOOL_DIR: '/proc/no/such' }) },
  {
    what: 'a spool of another user',
    looks: ['spool'],
    before: (folder) => {
      mkdirSync(folder.file('spool'), { mode: 0o700 })
      execFileSync('chown', ['12345:12345', folder.file('spool')])
    },
  },
  {
    what: 'a spool that others can write to',
    looks: ['spool'],
    before: (folder) => {
      mkdirSync(folder.file('spool'))
      chmodSync(folder.file('spool'), 0o770)
    },
  },
  { what: 'a spool that is moved', looks: ['spool'], during: (folder) => moved(folder.file('spool')) },
  {
    what: 'a file system of the spool that is full',
    looks: ['spool'],
    mounts: true,
    small: 'spool',
    during: (folder) => full(folder.file('spool')),
  },
  {
    what: 'a file system of the spool that is read-only',
    looks: ['spool'],
    mounts: true,
    during: (folder) => readOnly(folder.file('spool')),
  },
  {
    what: 'less room for the spool than RETRACE_MIN_FREE_MB',
    looks: ['space'],
    settings: () => ({ RETRACE_MIN_FREE_MB: '1073741824' }),
  },
  {
    what: 'a database that is a folder',
    looks: ['database'],
    settings: (folder) => ({ RETRACE_DATABASE: folder.path }),
  },
  {
    what: 'a database that cannot be made',
    looks: ['database'],
    settings: () => ({ RETRACE_DATABASE: '/proc/no/such/retrace.db' }),
  },
  {
    what: 'a database that is damaged',
    looks: ['database'],
    before: (folder) => {
      mkdirSync(folder.file('database'))
      writeFileSync(folder.file('database', 'retrace.db'), 'This is no database at all. '.repeat(300))
    },
  },
  {
    what: 'a database of a newer version',
    looks: ['database'],
    before: (folder) => changed(folder, `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('future', 9e15)`),
  },
  {
    what: 'a database that may only be read',
    looks: ['database'],
    mounts: true,
    before: (folder) => {
      changed(folder, 'SELECT 1')
      return readOnly(folder.file('database'))
    },
  },
  {
    what: 'a database that is deleted',
    looks: ['database'],
    during: (folder) => moved(folder.file('database', 'retrace.db')),
  },
  {
    what: 'a file system of the database that is full',
    looks: ['database'],
    mounts: true,
    small: 'database',
    during: (folder) => full(folder.file('database')),
  },
  {
    what: 'a store that cannot be made',
    looks: ['store'],
    settings: () => ({ RETRACE_REPO_DIR: '/proc/no/such' }),
  },
  {
    what: 'a file in the place of the store',
    looks: ['store'],
    during: (folder) => {
      rmSync(folder.file('repo'), { recursive: true })
      writeFileSync(folder.file('repo'), '')
    },
  },
  {
    what: 'a file system of the store that is full',
    looks: ['store'],
    mounts: true,
    small: 'repo',
    during: (folder) => full(folder.file('repo')),
  },
  {
    what: 'a file system of the store that is read-only',
    looks: ['store'],
    mounts: true,
    during: (folder) => readOnly(folder.file('repo')),
  },
  {
    what: 'no folder of repositories',
    looks: ['repositories'],
    settings: (folder) => ({ RETRACE_REPOS_D: folder.file('nowhere') }),
  },
  { what: 'a folder of repositories with no repository', looks: ['repositories'] },
  {
    what: 'a file of repositories that makes no sense',
    looks: ['repositories'],
    before: (folder) => writeFileSync(folder.file('repos.d', 'x.sources'), 'Types: deb\n'),
  },

  // --- the place where it listens
  {
    what: 'a port that another program has',
    looks: ['address'],
    settings: () => ({ RETRACE_PORT: TAKEN }),
    before: () => taken(),
  },
  {
    what: 'a port of metrics that another program has',
    looks: ['metrics'],
    settings: () => ({ RETRACE_METRICS_PORT: TAKEN }),
    before: () => taken(),
  },
  { what: 'an address of another machine', looks: ['address'], settings: () => ({ RETRACE_HOST: '192.0.2.1' }) },
  {
    what: 'an address that does not resolve',
    looks: ['address'],
    settings: () => ({ RETRACE_HOST: 'no.such.host.invalid' }),
  },
  { what: 'a proxy that is everybody', looks: ['proxy'], settings: () => ({ RETRACE_TRUST_PROXY: '0.0.0.0/0' }) },
  {
    what: 'a proxy that cannot reach it',
    looks: ['proxy'],
    settings: () => ({ RETRACE_TRUST_PROXY: '192.0.2.7', RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' }),
  },

  // --- programs
  ...['bwrap', 'prlimit', 'setpriv', 'unshare'].flatMap((name): Fault[] => [
    {
      what: `${name} is missing`,
      looks: ['sandbox', 'setpriv', 'prlimit'],
      mounts: true,
      programs: { [name]: '/etc/passwd' },
    },
    {
      what: `${name} ends well and does nothing`,
      looks: ['sandbox', 'setpriv', 'prlimit'],
      mounts: true,
      programs: { [name]: '/usr/bin/true' },
    },
  ]),
  { what: 'xz is missing', looks: ['xz'], mounts: true, programs: { xz: '/etc/passwd' } },
  { what: 'xz is broken', looks: ['xz'], mounts: true, programs: { xz: '/usr/bin/false' } },
  {
    what: 'no gdb at all',
    looks: ['gdb'],
    mounts: true,
    programs: { 'gdb-multiarch': '/etc/passwd', 'gdb': '/etc/passwd' },
    settings: (folder) => ({ RETRACE_ENGINE_DIR: folder.file('engines') }),
  },
  {
    what: 'no gdb but that of another architecture',
    looks: ['gdb', 'engines'],
    mounts: true,
    programs: { 'gdb-multiarch': '/etc/passwd', 'gdb': '/etc/passwd' },
    settings: (folder) => ({ RETRACE_ENGINE_DIR: folder.file('engines') }),
    before: (folder) => engineOf(folder, 's390x', [0x16, 2]),
  },
  {
    what: 'no gdb but one that ops/engine made',
    looks: ['gdb', 'engines'],
    mounts: true,
    programs: { 'gdb-multiarch': '/etc/passwd', 'gdb': '/etc/passwd' },
    settings: (folder) => ({ RETRACE_ENGINE_DIR: folder.file('engines') }),
    before: (folder) => engineOf(folder, 'amd64'),
  },
]

export const TAKEN = 'TAKEN'

/** A port that is listened on; its number stands in for TAKEN. */
async function taken(): Promise<Undo> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  takenPort = (server.address() as AddressInfo).port
  return () => server.close()
}

let takenPort = 0
export const portTaken = (): string => String(takenPort)

function moved(path: string): Undo {
  renameSync(path, `${path}.away`)
  return () => renameSync(`${path}.away`, path)
}

/** A file system of its own over the folder, with what is in it, and no room left. */
function full(path: string): Undo {
  // It ends badly, as it should.
  spawnSync('dd', ['if=/dev/zero', `of=${path}/full`, 'bs=64k'])
  return () => rmSync(`${path}/full`, { force: true })
}

function readOnly(path: string): Undo {
  execFileSync('mount', ['--bind', path, path])
  execFileSync('mount', ['-o', 'remount,bind,ro', path])
  return () => execFileSync('umount', ['--lazy', path])
}

function changed(folder: Folder, sql: string): void {
  const database = openDatabase(folder.file('database', 'retrace.db'), { migrate: true })
  database.$client.exec(sql)
  database.$client.close()
}
