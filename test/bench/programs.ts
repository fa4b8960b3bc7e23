/**
 * Programs of the archive that crashed: the worker against bare gdb with the same commands and files, and against what other
 * retracers do, which unpack all packages into a folder for each crash and run gdb there, or have gdb ask a debuginfod. Packages are here on
 * all sides.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { env, stderr } from 'node:process'
import Sqlite from 'better-sqlite3'
import { installationRoot } from '../../src/program/program.ts'
import { archiveSources, fetchFromPool } from '../helpers/archive.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServerChild } from '../helpers/server.ts'
import { serveDebuginfo } from './debuginfod.ts'
import { absolute, against, alternate, type Figure, percentile, plainEnvironment } from './figure.ts'
import { GOALS } from './goals.ts'
import { type Crashed, PROGRAMS } from './prepare.ts'

const COMMANDS = [
  'thread apply all -ascending backtrace full 2048',
  'info sharedlibrary',
  'info all-registers',
  'x/20i $pc',
  'print $_siginfo',
]
const ROUNDS = 5
/** 50 times fewer. */
const GOAL_OF_BYTES = 0.02
/** Twice as fast. */
const GOAL_OF_DEBUGINFOD = 0.5

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const settings = synced(folder)
  for (const prepare of PROGRAMS) {
    const crashed = prepare(folder)
    if (crashed !== undefined) yield* figuresOf(crashed, folder, settings)
  }
}

async function* figuresOf(crashed: Crashed, folder: Folder, settings: Record<string, string>): AsyncGenerator<Figure> {
  const { name, core } = crashed
  const worker = join(installationRoot(), 'ops/bin/abrt-retrace-worker')
  const spool = folder.file('spool', name)
  for (let each = 0; each < 4 * (ROUNDS + 1) + 2; each++) { // before the clock runs: a worker finds its core there
    mkdirSync(join(spool, String(each)), { recursive: true, mode: 0o700 })
    if (each === 0) cpSync(core, join(spool, '0', 'coredump'))
    else linkSync(join(spool, '0', 'coredump'), join(spool, String(each), 'coredump'))
  }
  let next = 1
  const retrace = () => finished(worker, [join(spool, String(next++))], settings)
  stderr.write(`bench: ${name}: packages are fetched, and indices made\n`)
  await retrace()
  await finished(worker, ['--index'], settings)
  const packages = usedBy(join(spool, '1'), settings.RETRACE_REPO_DIR ?? '')
  const sysroot = folder.file(`${name}-sysroot`)
  layOver(sysroot, packages.map((each) => join(settings.RETRACE_REPO_DIR ?? '', each)))
  const bare = () => finished('gdb-multiarch', gdbArguments(sysroot, crashed), {})
  const times = await alternate(retrace, bare, ROUNDS)
  yield against(`worker-over-gdb-${name}`, times, { unit: 's', goal: crashed.goals.gdb })
  yield* beforeGdb(crashed, settings)
  const files = await downloaded(packages, folder.file(`${name}-debs`), settings)
  const place = folder.file(`${name}-extracted`)
  const extracting = await alternate(retrace, async () => {
    rmSync(place, { recursive: true, force: true })
    makeRoot(place)
    for (const file of files) await finished('dpkg-deb', ['-x', file, place], {})
    await finished('gdb-multiarch', gdbArguments(place, crashed), {})
  }, ROUNDS)
  yield against(`worker-over-extract-all-${name}`, extracting, { unit: 's', goal: crashed.goals.extracting })
  const bytes = { ours: written(join(spool, '2')), theirs: written(place) }
  yield against(`written-over-extract-all-${name}`, bytes, { unit: 'bytes', goal: GOAL_OF_BYTES })
  yield* againstDebuginfod(crashed, { folder, sysroot, retrace })
}

/**
 * The worker, packages here, against gdb that has the program and asks a debuginfod on this machine for all else, over the same
 * packages: with nothing kept from before, and with everything.
 */
async function* againstDebuginfod(
  { name, core, program, goals }: Crashed,
  { folder, sysroot, retrace }: { folder: Folder; sysroot: string; retrace: () => Promise<void> },
): AsyncGenerator<Figure> {
  stderr.write(`bench: ${name}: a debuginfod reads the packages\n`)
  await using server = await serveDebuginfo(folder.file(`${name}-debs`), folder.file(`${name}-debuginfod.db`))
  if (server === undefined) return
  const cache = folder.file(`${name}-debuginfod-cache`)
  // Nothing of this machine; gdb 13 looks below the sysroot for the libraries, too, that it has just fetched.
  const nowhere = folder.file(`${name}-nowhere`)
  mkdirSync(dirname(nowhere + cache), { recursive: true })
  symlinkSync(cache, nowhere + cache)
  const first = ['auto-load off', 'debuginfod enabled on', 'height 0', 'width 0', `sysroot ${nowhere}`]
  const words = [
    ...['-nx', '-q', '-batch', ...first.flatMap((each) => ['-iex', `set ${each}`])],
    ...[`file ${sysroot}${program}`, `core-file ${core}`, ...COMMANDS].flatMap((each) => ['-ex', each]),
  ]
  const asking = { DEBUGINFOD_URLS: server.url, DEBUGINFOD_CACHE_PATH: cache }
  const ask = () => finished('gdb-multiarch', words, asking)
  const options = { env: { ...plainEnvironment(), ...asking }, encoding: 'utf8', maxBuffer: 1 << 28 } as const
  if (!/^#\d+ .* at \S+:\d+$/m.test(spawnSync('gdb-multiarch', words, options).stdout)) {
    stderr.write(`bench: no figures of ${name} with a debuginfod: gdb got no source line by it\n`)
    return
  }
  const cold = await alternate(retrace, async () => {
    rmSync(cache, { recursive: true, force: true })
    await ask()
  }, ROUNDS)
  yield against(`worker-over-debuginfod-cold-${name}`, cold, { unit: 's', goal: GOAL_OF_DEBUGINFOD })
  const warm = await alternate(retrace, ask, ROUNDS)
  yield against(`worker-over-debuginfod-warm-${name}`, warm, { unit: 's', goal: goals.gdb })
}

/**
 * From the last byte of an upload to the line that says that gdb runs, as the one hears it who sends. The body is held back before its
 * last byte until the server has all the rest.
 */
async function* beforeGdb(
  { name, core }: Crashed,
  settings: Record<string, string>,
): AsyncGenerator<Figure> {
  if (name !== 'evince') return
  const packed = execFileSync('xz', ['-2', '-T0', '-c', core], { maxBuffer: 1 << 30 })
  await using home = await temporaryFolder()
  const { RETRACE_REPO_DIR = '', RETRACE_DATABASE = '', RETRACE_REPOS_D = '' } = settings
  await using server = await startServerChild({
    folder: home,
    settings: { RETRACE_REPO_DIR, RETRACE_DATABASE, RETRACE_REPOS_D },
  })
  const times: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const headers = {
      'Content-Type': 'application/x-core',
      'Content-Encoding': 'xz',
      'Content-Length': String(packed.length),
    }
    const sending = request(`${server.url}/create`, { method: 'POST', ca: server.ca, headers })
    sending.write(packed.subarray(0, -1))
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const start = performance.now()
    sending.end(packed.subarray(-1))
    const [answer] = await once(sending, 'response') as [IncomingMessage]
    let said = ''
    for await (const chunk of answer) {
      if (!said.includes('debug: running gdb') && `${said}${chunk}`.includes('debug: running gdb')) {
        if (round > 0) times.push(performance.now() - start)
      }
      said += chunk
    }
  }
  yield absolute('last-byte-to-gdb', percentile(times, 50), { unit: 'ms', goal: GOALS['last-byte-to-gdb'] })
}

export function synced(folder: Folder): Record<string, string> {
  mkdirSync(folder.file('repos.d'))
  writeFileSync(folder.file('repos.d', 'archive.sources'), archiveSources())
  const settings = {
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('retrace.db'),
    RETRACE_MIN_FREE_MB: '64',
  }
  const options = { env: { ...env, ...settings }, encoding: 'utf8' } as const
  const sync = spawnSync(join(installationRoot(), 'ops/bin/abrt-reposync'), options)
  if (sync.status !== 0) throw new Error(`abrt-reposync failed: ${sync.stderr}`)
  return settings
}

/** RELEASE/FOLDER of the packages that a task used; what the archive did not give is on neither side, and said. */
export function usedBy(task: string, repoDir: string): string[] {
  type Row = { package?: string; debug_package?: string }
  const { modules } = JSON.parse(readFileSync(join(task, 'modules.json'), 'utf8')) as { modules: Row[] }
  const names = modules.flatMap(({ package: binary, debug_package: debug }) => [binary ?? '', debug ?? ''])
  const all = [...new Set(names)].filter((name) => name !== '').map((name) => join('debian-12-amd64', name))
  const here = all.filter((name) => existsSync(join(repoDir, name)))
  const missing = all.length - here.length
  if (missing > 0) stderr.write(`bench: ${missing} of ${all.length} packages could not be fetched\n`)
  return here
}

/** The packages as the archive has them. */
export async function downloaded(
  packages: string[],
  place: string,
  settings: Record<string, string>,
): Promise<string[]> {
  mkdirSync(place)
  const database = new Sqlite(settings.RETRACE_DATABASE, { readonly: true })
  const query = database.prepare('SELECT path FROM package_location JOIN package ON id = package_id WHERE folder = ?')
  const files: string[] = []
  for (const name of packages.map((each) => each.slice(each.indexOf('/') + 1))) {
    const row = query.get(name) as { path: string } | undefined
    const file = join(place, `${name}.deb`)
    const reason = row === undefined ? 'nothing is known of it' : await fetchFromPool(row.path, file)
    if (reason !== undefined) throw new Error(`${name}: ${reason}`)
    files.push(file)
  }
  database.close()
  return files
}

/** Kept packages, as an installation would have them. */
export function layOver(sysroot: string, packages: string[]): void {
  makeRoot(sysroot)
  const script = 'tar -C "$1" -c . | tar -C "$2" -x --keep-directory-symlink'
  for (const each of packages) spawnSync('sh', ['-c', script, 'sh', each, sysroot])
}

export function makeRoot(root: string): void {
  for (const name of ['lib', 'lib64', 'bin', 'sbin']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
}

export function gdbArguments(sysroot: string, { core, program }: Crashed): string[] {
  const first = ['auto-load off', 'debuginfod enabled off', 'height 0', 'width 0', `sysroot ${sysroot}`]
  return [
    ...['-nx', '-q', '-batch'],
    ...[...first, `debug-file-directory ${sysroot}/usr/lib/debug`].flatMap((each) => ['-iex', `set ${each}`]),
    ...[`file ${sysroot}${program}`, `core-file ${core}`, ...COMMANDS].flatMap((each) => ['-ex', each]),
  ]
}

/** Bytes of all files below a folder. */
function written(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

export async function finished(program: string, words: string[], settings: Record<string, string>): Promise<void> {
  const child = spawn(program, words, { stdio: 'ignore', env: { ...plainEnvironment(), ...settings } })
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}`)
}
