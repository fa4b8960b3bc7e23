/**
 * Figures of RPM repositories: metadata of Fedora's size against createrepo_c's own parser, keeping a large -debuginfo
 * and a member over 4 GB, and a warm retrace from RPM against the same program from Debian's format.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, createWriteStream, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import { openDatabase } from '../../src/database/database.ts'
import { readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { readProxies } from '../../src/config/proxy_environment.ts'
import { unpack } from '../../src/packages/keep/unpack.ts'
import { members } from '../../src/packages/rpm/members.ts'
import { installationRoot } from '../../src/program/program.ts'
import { syncAll } from '../../workers/reposync/sync_all.ts'
import { fixtureCore, fixtureFiles } from '../helpers/cores.ts'
import { type MadeFile } from '../helpers/made_file.ts'
import { DebRepository } from '../helpers/deb_repository.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { RpmRepository } from '../helpers/rpm_repository.ts'
import { absolute, against, alternate, type Figure, seconds } from './figure.ts'
import { GOALS } from './goals.ts'
import { LARGE, runSync } from './packages.ts'

const run = promisify(execFile)
const PACKAGES = 60_000
const FILES_PER_PACKAGE = 215

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  yield* metadataFigures(folder)
  yield* keepFigures(folder)
  yield* retraceFigures(folder)
}

async function* metadataFigures(folder: Folder): AsyncGenerator<Figure> {
  const root = folder.file('synthetic')
  const bytes = await makeMetadata(root)
  yield absolute('rpm-filelists-unpacked', bytes / 2 ** 20, { unit: 'MiB', goal: 100_000 })
  mkdirSync(folder.file('repos.d'))
  const section = `[fedora]\nbaseurl=file://${root}/\ngpgcheck=0\nretrace_release=fedora-40\n`
  writeFileSync(folder.file('repos.d/fedora.repo'), section)
  let peak = 0
  const ours = async () => {
    rmSync(folder.file('db'), { recursive: true, force: true })
    peak = Math.max(peak, await runSync(folder))
  }
  const theirs = async () => void await run('sqliterepo_c', ['--quiet', '--force', root])
  yield against('rpm-sync-over-sqliterepo_c', { ours: await seconds(ours), theirs: await seconds(theirs) }, {
    unit: 's',
    goal: 1.5,
  })
  yield absolute('rpm-sync-peak-rss', peak / 1024, { unit: 'MiB', goal: 300 })
  yield absolute('rpm-sync-database-size', statSync(folder.file('db/retrace.db')).size / 2 ** 20, {
    unit: 'MiB',
    goal: 2000,
  })
  rmSync(root, { recursive: true })
}

/** primary, filelists and other of 60,000 packages; resolves with the bytes that filelists unpacks to. */
async function makeMetadata(root: string): Promise<number> {
  mkdirSync(join(root, 'repodata'), { recursive: true })
  const names = { primary: 'common', filelists: 'filelists', other: 'other' }
  const outer = { primary: 'metadata', filelists: 'filelists', other: 'otherdata' }
  const parts: string[] = []
  let unpacked = 0
  for (const type of ['primary', 'filelists', 'other'] as const) {
    const file = join(root, 'repodata', `${type}.xml.gz`)
    const gzip = createGzip({ level: 1 })
    const output = gzip.pipe(createWriteStream(file))
    const packed = createHash('sha256')
    const open = createHash('sha256')
    let size = 0
    gzip.on('data', (chunk: Uint8Array) => packed.update(chunk))
    const write = async (text: string) => {
      size += text.length
      open.update(text)
      if (!gzip.write(text)) await once(gzip, 'drain')
    }
    const space = 'http://linux.duke.edu/metadata'
    await write(
      `<?xml version="1.0" encoding="UTF-8"?>\n<${outer[type]} xmlns="${space}/${
        names[type]
      }" xmlns:rpm="${space}/rpm" packages="${PACKAGES}">\n`,
    )
    for (let at = 0; at < PACKAGES; at++) await write(ELEMENTS[type](at))
    await write(`</${outer[type]}>\n`)
    gzip.end()
    await finished(output)
    if (type === 'filelists') unpacked = size
    parts.push(`<data type="${type}"><checksum type="sha256">${packed.digest('hex')}</checksum>
<open-checksum type="sha256">${open.digest('hex')}</open-checksum><location href="repodata/${type}.xml.gz"/>
<timestamp>1700000000</timestamp><size>${statSync(file).size}</size><open-size>${size}</open-size></data>\n`)
  }
  writeFileSync(
    join(root, 'repodata/repomd.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>\n${
      parts.join('')
    }</repomd>\n`,
  )
  return unpacked
}

const nameOf = (at: number) => `package-${at}${at % 4 === 3 ? '-debuginfo' : ''}`
const idOf = (at: number) => createHash('sha256').update(String(at)).digest('hex')

/** As createrepo_c writes them: what a package of Fedora has of each, on average. */
const ELEMENTS = {
  primary: (at: number) => {
    const [name, id] = [nameOf(at), idOf(at)]
    const entries = (what: string, count: number) =>
      Array.from({ length: count }, (_, n) => `      <rpm:entry name="lib${what}-${at}-${n}.so.1()(64bit)"/>\n`).join(
        '',
      )
    return `<package type="rpm">
  <name>${name}</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="1.0" rel="1.fc40"/>
  <checksum type="sha256" pkgid="YES">${id}</checksum>
  <summary>A package made by the bench</summary>
  <description>A text about the package that nobody reads here, but that every real one has, for some lines.</description>
  <packager>Fedora Project</packager>
  <url>https://example.org/${name}</url>
  <time file="1700000000" build="1700000000"/>
  <size package="123456" installed="1234567" archive="1240000"/>
  <location href="Packages/p/${name}-1.0-1.fc40.x86_64.rpm"/>
  <format>
    <rpm:license>MIT</rpm:license>
    <rpm:sourcerpm>package-${at}-1.0-1.fc40.src.rpm</rpm:sourcerpm>
    <rpm:header-range start="4504" end="25545"/>
    <rpm:provides>
${entries('provided', 6)}      <rpm:entry name="debuginfo(build-id)" flags="EQ" epoch="0" ver="${id.slice(0, 40)}"/>
    </rpm:provides>
    <rpm:requires>
${entries('required', 12)}    </rpm:requires>
  </format>
</package>
`
  },
  filelists: (at: number) => {
    const [name, id] = [nameOf(at), idOf(at)]
    const files = Array.from({ length: FILES_PER_PACKAGE }, (_, n) => `  <file>${pathOf(name, n, id)}</file>\n`)
    return `<package pkgid="${id}" name="${name}" arch="x86_64">
  <version epoch="0" ver="1.0" rel="1.fc40"/>
${files.join('')}</package>
`
  },
  other: (at: number) =>
    `<package pkgid="${idOf(at)}" name="${nameOf(at)}" arch="x86_64">
  <version epoch="0" ver="1.0" rel="1.fc40"/>
</package>
`,
}

/** One build-id and two libraries among documents, headers and sources. */
function pathOf(name: string, n: number, id: string): string {
  if (n === 0) return `/usr/lib/.build-id/${id.slice(0, 2)}/${id.slice(2, 40)}`
  if (n < 3) return `/usr/lib64/${name}/lib${name}-${n}.so.1.2.3`
  return `/usr/share/doc/${name}/html/reference/class_${name}_member_${n}-index.html`
}

async function* keepFigures(folder: Folder): AsyncGenerator<Figure> {
  using repository = new RpmRepository(folder.path)
  const tree = folder.file('tree')
  const downloads = folder.file('downloads')
  mkdirSync(downloads)
  await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', LARGE], { cwd: downloads })
  const [deb = ''] = readdirSync(downloads)
  await run('dpkg-deb', ['-x', join(downloads, deb), tree])
  const paths = execFileSync('find', [join(tree, 'usr/lib/debug'), '-type', 'f'], { encoding: 'utf8' }).trim().split(
    '\n',
  )
  const files: Record<string, MadeFile> = Object.fromEntries(
    paths.map((path) => [path.slice(tree.length), { copy: path }]),
  )
  const made = repository.add({ name: 'large-debuginfo', version: '1.0-1.fc40', payload: 'w9.zstdio', files })
  const rpm = repository.path(made['large-debuginfo'] ?? '')
  rmSync(tree, { recursive: true })
  const target = folder.file('kept')
  const signal = AbortSignal.timeout(1_200_000)
  const ours = async () => {
    rmSync(target, { recursive: true, force: true })
    await unpack(members(rpm, signal), { folder: target, assertRoom: () => undefined })
  }
  const theirs = async () => {
    const peer = folder.file('peer')
    rmSync(peer, { recursive: true, force: true })
    mkdirSync(peer)
    await run('sh', ['-c', 'rpm2archive -n - < "$1" | tar -x -C "$2"', '-', rpm, peer])
  }
  yield against('rpm-keep-over-rpm2archive', await alternate(ours, theirs), {
    unit: 's',
    goal: GOALS['rpm-keep-over-rpm2archive'],
  })
  const huge = repository.add({
    name: 'huge',
    version: '1.0-1.fc40',
    build: ['mkdir -p $ROOT/usr/share', 'truncate -s 4294968296 $ROOT/usr/share/huge'],
    files: { '/usr/share/huge': 'built', '/usr/zbin/after.so': { copy: '/bin/true' } },
  })
  rmSync(target, { recursive: true, force: true })
  let kept = 0
  const past = await seconds(async () => {
    const entries = await unpack(members(repository.path(huge.huge ?? ''), signal), {
      folder: target,
      assertRoom: () => undefined,
    })
    kept = entries.filter(({ path }) => path === '/usr/zbin/after.so').length
  })
  if (kept !== 1) throw new Error('Expected the member after one of more than 4 GB to be kept')
  yield absolute('rpm-past-a-member-over-4-gb', past, { unit: 's', goal: 60 })
}

/** The fixture's program, from either format, all packages here. */
async function* retraceFigures(folder: Folder): AsyncGenerator<Figure> {
  const { core } = fixtureCore('amd64', folder.path)
  const root = folder.file('files')
  mkdirSync(root)
  fixtureFiles('amd64', root)
  const found = execFileSync('find', [root, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n')
  const files: Record<string, MadeFile> = Object.fromEntries(
    found.map((path) => [path.slice(root.length), { copy: path }]),
  )
  using rpm = new RpmRepository(folder.path, { name: 'rpm' })
  rpm.add({ name: 'crash', version: '1.0-1.fc40', files })
  rpm.publish()
  using deb = new DebRepository(folder.path)
  deb.add({ name: 'crash', version: '1.0-1', files })
  deb.publish()
  const fromRpm = await warmUp(folder, {
    name: 'rpm',
    file: 'a.repo',
    text: rpm.section('fedora', `file://${rpm.root}/`),
    core,
  })
  const fromDeb = await warmUp(folder, {
    name: 'deb',
    file: 'a.sources',
    text: deb.sources(`file://${deb.root}/`),
    core,
  })
  yield against('rpm-retrace-over-deb', await alternate(fromRpm, fromDeb, 10), { unit: 's', goal: 1.05 })
}

async function warmUp(
  folder: Folder,
  { name, file, text, core }: { name: string; file: string; text: string; core: string },
): Promise<() => Promise<void>> {
  const at = (below: string) => folder.file(`${name}-world`, below)
  mkdirSync(at('repos.d'), { recursive: true })
  writeFileSync(join(at('repos.d'), file), text)
  const environment = {
    RETRACE_REPO_DIR: at('repo'),
    RETRACE_REPOS_D: at('repos.d'),
    RETRACE_DATABASE: at('retrace.db'),
    RETRACE_SPOOL_DIR: at('spool'),
    RETRACE_MIN_FREE_MB: '1',
  }
  const config = { ...readConfig(PROGRAMS, environment), proxies: readProxies(environment) }
  const database = openDatabase(config.database, { migrate: true })
  const signal = new AbortController().signal
  await syncAll({ action: 'sync', dryRun: false, releases: [] }, { config, database, signal })
  database.$client.close()
  let tasks = 0
  const retrace = async () => {
    const task = join(at('spool'), String(++tasks))
    mkdirSync(task, { recursive: true, mode: 0o700 })
    copyFileSync(core, join(task, 'coredump'))
    const worker = join(installationRoot(), 'ops/bin/abrt-retrace-worker')
    const child = spawn(worker, [task], { env: { PATH: env.PATH, ...environment }, stdio: 'ignore' })
    const [code] = await once(child, 'close') as [number | null]
    if (code !== 0) throw new Error(`Expected the worker to end with 0, got ${code}; see ${task}`)
  }
  await retrace()
  return retrace
}
