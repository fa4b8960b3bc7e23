/**
 * Figures of the package repository: syncing bookworm's main against apt, keeping a large package against dpkg-deb. The
 * archive is the one that this machine's apt has.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'
import { installationRoot } from '../../src/program/program.ts'
import { readSources } from '../../src/packages/deb/sources_file.ts'
import { members } from '../../src/packages/deb/members.ts'
import { readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { readProxies } from '../../src/config/proxy_environment.ts'
import { download } from '../../src/packages/transfer/download.ts'
import { readNetwork, Transport } from '../../src/packages/transfer/transport.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import { unpack } from '../../src/packages/keep/unpack.ts'
import { archiveSources } from '../helpers/archive.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { absolute, against, alternate, type Figure, seconds } from './figure.ts'
import { GOALS } from './goals.ts'

const run = promisify(execFile)
export const LARGE = 'openjdk-17-dbg'

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  const sources = archiveSources().split('\n\n')[0] ?? ''
  const suite = readSources('apt', sources).repositories[0]
  if (suite === undefined) throw new Error('Expected apt to know a suite with main; run apt-get update')
  yield* syncFigures(folder, { suite, sources })
  yield* keepFigures(folder, suite)
}

async function* syncFigures(
  folder: Folder,
  { suite, sources }: { suite: RepositorySpec; sources: string },
): AsyncGenerator<Figure> {
  mkdirSync(folder.file('repos.d'))
  writeFileSync(folder.file('repos.d/apt.sources'), sources)
  const fresh = () => {
    rmSync(folder.file('db'), { recursive: true, force: true })
    return runSync(folder)
  }
  let peak = 0
  const times = await alternate(async () => peak = Math.max(peak, await fresh()), () => aptUpdate(folder, suite), 2)
  yield against('sync-over-apt', times, { unit: 's', goal: 1.5 })
  yield absolute('sync-peak-rss', peak / 1024, { unit: 'MiB', goal: 300 })
  yield absolute('sync-database-size', statSync(folder.file('db/retrace.db')).size / 2 ** 20, {
    unit: 'MiB',
    goal: 100,
  })
  yield absolute('sync-unchanged', await seconds(() => runSync(folder)), { unit: 's', goal: 1 })
}

/** One run of the built program; resolves with its peak of resident memory in KiB. */
export async function runSync(folder: Folder): Promise<number> {
  const child = spawn(join(installationRoot(), 'ops/bin/abrt-reposync'), [], {
    env: {
      PATH: env.PATH,
      RETRACE_REPO_DIR: folder.file('repo'),
      RETRACE_REPOS_D: folder.file('repos.d'),
      RETRACE_DATABASE: folder.file('db/retrace.db'),
      RETRACE_MIN_FREE_MB: '1',
    },
    stdio: 'ignore',
  })
  let peak = 0
  const timer = setInterval(() => peak = Math.max(peak, residentPeak(child.pid ?? 0)), 20)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`Expected abrt-reposync to end with 0, got ${code}`)
  return peak
}

function residentPeak(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 0
    throw error
  }
}

/** What `apt-get update` and `apt-file update` fetch and store of the same suite, in an apt of its own. */
async function aptUpdate(folder: Folder, { uri, suite }: RepositorySpec): Promise<void> {
  const root = folder.file('apt')
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'lists/partial'), { recursive: true })
  mkdirSync(join(root, 'cache/archives/partial'), { recursive: true })
  writeFileSync(join(root, 'sources.list'), `deb [arch=amd64] ${uri} ${suite} main\n`)
  const contents = 'Acquire::IndexTargets::deb::Contents-deb'
  const options = [
    `Dir::State::lists=${root}/lists`,
    `Dir::Cache=${root}/cache`,
    `Dir::Etc::sourcelist=${root}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `${contents}::MetaKey=$(COMPONENT)/Contents-$(ARCHITECTURE)`,
    `${contents}::ShortDescription=Contents-$(ARCHITECTURE)`,
    `${contents}::Description=$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents`,
    `${contents}::DefaultEnabled=true`,
    'APT::Sandbox::User=root',
  ]
  await run('apt-get', [...options.flatMap((option) => ['-o', option]), 'update'])
}

async function* keepFigures(folder: Folder, suite: RepositorySpec): AsyncGenerator<Figure> {
  const deb = folder.file('large.deb')
  const transport = new Transport(
    suite.uri,
    suite.connection,
    readNetwork({ ...readConfig(PROGRAMS), proxies: readProxies() }),
  )
  await download(suite.uri + poolPath(), { file: deb, transport, signal: AbortSignal.timeout(600_000) })
  const target = folder.file('kept')
  const signal = AbortSignal.timeout(600_000)
  let kept = 0
  const ours = async () => {
    rmSync(target, { recursive: true, force: true })
    const entries = await unpack(members(deb, signal), { folder: target, assertRoom: () => undefined })
    kept = entries.reduce((sum, { size }) => sum + size, 0)
  }
  const theirs = async () => {
    rmSync(folder.file('peer'), { recursive: true, force: true })
    await run('dpkg-deb', ['-x', deb, folder.file('peer')])
  }
  yield against('keep-over-dpkg-deb', await alternate(ours, theirs), {
    unit: 's',
    goal: GOALS['keep-over-dpkg-deb'],
  })
  const installed = Number(
    execFileSync('du', ['-sk', '--apparent-size', folder.file('peer')], { encoding: 'utf8' }).split('\t')[0],
  )
  yield against('kept-share-of-installed', { ours: kept / 2 ** 20, theirs: installed / 1024 }, { unit: 'MiB', goal: 1 })
}

/** Where the archive has the large package, as apt knows it. */
function poolPath(): string {
  const shown = execFileSync('apt-cache', ['show', LARGE], { encoding: 'utf8' })
  const path = /^Filename: (pool\/main\/\S+)$/m.exec(shown)?.[1]
  if (path === undefined) throw new Error(`Expected apt to know ${LARGE}; run apt-get update`)
  return path
}
