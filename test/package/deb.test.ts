/** The life of the Debian packages: installed, used, upgraded, upgraded half-way, not downgraded, removed, purged. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { DebRepository } from '../helpers/deb_repository.ts'
import { type FileServer, serveFolder } from '../helpers/file_server.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { builtFiles, findBuilt, findLacking, found } from '../helpers/opened.ts'
import { inside, makeRoot } from './root.ts'

const PORT = 18_443
const SERVER = 'abrt-retrace-server'
/** A file, and a folder with .d behind its name. */
const PROFILES = '/etc/apparmor.d/abrt-retrace'
const DATABASE = '/var/lib/abrt-retrace/retrace.db'
const START =
  `as ${SERVER} >/root/server.log 2>&1 & for i in $(seq 300); do sleep 0.1; grep -q listening /root/server.log && break; done`
const DATA =
  '/etc/abrt-retrace /var/spool/abrt-retrace /var/lib/abrt-retrace /var/cache/abrt-repo /var/lib/abrt-engines'

let folder: Folder
let root: string
let repository: DebRepository
let mirror: FileServer
let version: string
const packages = () => folder.file('packages')
const command = (script: string) => inside(root, packages(), script)
const deb = (of: string) => `/mnt/${SERVER}_${of}_amd64.deb`

/** What a command says that must end well. */
async function said(script: string): Promise<string> {
  const { status, text } = await command(script)
  if (status !== 0) throw new Error(`${script}\nended with ${status}: ${text}`)
  return text
}

/**
 * Every file of what is to be kept, with its checksum; not what SQLite has beside its file while it is open, which is written
 * into the file first: whoever opens it may do that.
 */
const kept = () =>
  said(`as sqlite3 ${DATABASE} 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
    find ${DATA} -type f ! -name '*.db-*' ! -name '*.before-*' | sort | xargs -d '\\n' sha256sum`)

/** A package as the next version would be: another version, and a migration that this one does not have. */
function makeNext(of: string): void {
  const tree = folder.file('next')
  execFileSync('dpkg-deb', ['-R', join(packages(), `${SERVER}_${version}_amd64.deb`), tree])
  const change = (path: string, by: (text: string) => string) => {
    writeFileSync(join(tree, path), by(readFileSync(join(tree, path), 'utf8')))
  }
  change('DEBIAN/control', (text) => text.replace(/^Version: .*$/m, `Version: ${of}`))
  change('DEBIAN/preinst', (text) => text.replaceAll(version, of))
  change(`${PROFILES}.d/wall`.slice(1), (text) => `${text}# of the next version\n`)
  const home = 'usr/lib/abrt-retrace'
  change(`${home}/package.json`, (text) => text.replace(/"version": "[^"]*"/, `"version": "${of}"`))
  change(`${home}/schema/migrations/meta/_journal.json`, (text) => {
    const journal = JSON.parse(text)
    const last = journal.entries.at(-1)
    journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1000, tag: '9999_next' })
    return JSON.stringify(journal, undefined, 2)
  })
  writeFileSync(join(tree, home, 'schema/migrations/9999_next.sql'), 'CREATE TABLE next (id integer);\n')
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '-b', tree, packages()], {
    stdio: 'pipe',
    timeout: 300_000,
  })
}

beforeAll(async () => {
  folder = await temporaryFolder()
  mkdirSync(packages())
  if (env.PACKAGES_FROM !== undefined) cpSync(env.PACKAGES_FROM, packages(), { recursive: true })
  else execFileSync(join(installationRoot(), 'ops/package/deb'), [packages()], { stdio: 'inherit' })
  version = /_(.*)_/.exec(readdirSync(packages()).find((name) => name.startsWith(SERVER)) ?? '')?.[1] ?? ''
  root = makeRoot(folder.path)
  mkdirSync(folder.file('archive'))
  repository = new DebRepository(folder.file('archive'))
  mirror = await serveFolder(repository.root)
  makeNext('99.0.0')
})

afterAll(async () => {
  await mirror[Symbol.asyncDispose]()
  repository[Symbol.dispose]()
  await folder[Symbol.asyncDispose]()
})

describe('the Debian packages', () => {
  it('apt installs the server from its file: user, folders, certificate, repositories, settings, units', async () => {
    const text = await said(`apt-get -q update && apt-get -q install -y ${deb(version)}`)
    expect(text).toContain('self-signed')
    expect(await said(`stat -c '%n %a %U:%G' ${DATA} /etc/abrt-retrace/server.key /etc/abrt-retrace/abrt-retrace.env`))
      .toBe(
        `/etc/abrt-retrace 755 root:root
/var/spool/abrt-retrace 700 abrt-retrace:abrt-retrace
/var/lib/abrt-retrace 700 abrt-retrace:abrt-retrace
/var/cache/abrt-repo 755 abrt-retrace:abrt-retrace
/var/lib/abrt-engines 755 root:root
/etc/abrt-retrace/server.key 640 root:abrt-retrace
/etc/abrt-retrace/abrt-retrace.env 640 root:abrt-retrace
`,
      )
    expect(await said('ls /etc/abrt-retrace/repos.d')).toMatch(/\.sources$/m)
    const wanted = await said('ls /etc/systemd/system/*.wants | grep abrt | sort')
    expect(wanted).toBe('abrt-reposync.timer\nabrt-retrace-clean.timer\nabrt-retrace-server.service\n')
    await said(
      `sed -i 's/^#RETRACE_MIN_FREE_MB=.*/RETRACE_MIN_FREE_MB=10/; s/^#RETRACE_PORT=.*/RETRACE_PORT=${PORT}/' \\
      /etc/abrt-retrace/abrt-retrace.env`,
    )
    const check = await said(`as abrt-reposync --status; as ${SERVER} --check || true`)
    expect(check.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([])
  })

  it('has every file that its programs open while they run, threads and chunks too, and no code cache of one build', async () => {
    const text = await said(findBuilt('/usr/lib/abrt-retrace'))
    expect(found(text)).toEqual(builtFiles())
    expect(await said(findLacking('/usr/lib/abrt-retrace'))).toBe('')
    expect(text).not.toContain('.cache\n')
  })

  it('its AppArmor profiles are settings of the package, all of them; where there is no AppArmor nothing asks for it', async () => {
    const listed = await said(`dpkg-query -W -f '\${Conffiles}\\n' ${SERVER} | awk '{ print $1 }' | grep . | sort`)
    const found = await said(`find ${PROFILES} ${PROFILES}.d -type f | sort`)
    expect(found.trimEnd().split('\n')).toEqual([
      PROFILES,
      ...readdirSync(join(installationRoot(), 'ops/apparmor/abrt-retrace.d')).sort().map((name) =>
        `${PROFILES}.d/${name}`
      ),
    ])
    expect(listed).toBe(found)
    expect((await command('command -v aa-enabled apparmor_parser')).text).toBe('')
    expect(await said(`cat ${PROFILES} ${PROFILES}.d/*`)).not.toContain('@PREFIX@')
    await said(`echo '# of the administrator' >>${PROFILES}.d/places`)
  })

  it('the first retrace, by the client of the other package', async () => {
    mkdirSync(folder.file('debs'))
    await said(`cd /mnt && apt-get -q -o APT::Sandbox::User=root download coreutils libc6 libc6-dbg && mkdir debs &&
      mv coreutils* libc6* debs/`)
    for (const name of readdirSync(join(packages(), 'debs'))) repository.takeReal(join(packages(), 'debs', name))
    repository.publish()
    const key = repository.armouredKey.trimEnd().split('\n').map((line) => ` ${line === '' ? '.' : line}`).join('\n')
    const repos = join(root, 'etc/abrt-retrace/repos.d')
    for (const name of readdirSync(repos)) execFileSync('rm', [join(repos, name)])
    writeFileSync(join(repos, 'test.sources'), repository.sources(mirror.url, { 'Signed-By': `\n${key}` }))
    const text = await said(`apt-get -q install -y /mnt/retrace_${version}_amd64.deb >/dev/null
      as abrt-reposync || exit 1
      ${START}
      ulimit -c unlimited
      (sleep 100 & p=$!; sleep 1; kill -SEGV $p; wait $p)
      export NODE_EXTRA_CA_CERTS=/etc/abrt-retrace/server.crt
      retrace --server https://localhost:${PORT} --yes core*`)
    expect(text).toMatch(/__GI___clock_nanosleep .*\n[\s\S]*__libc_start_call_main/)
    // A thread that cannot start is said, and done without.
    expect(await said('cat server.log')).not.toMatch(/thread|\[ERR\]/)
  })

  it('an upgrade that cannot be unpacked leaves what was there, which goes on', async () => {
    const cut = join(packages(), 'cut.deb')
    cpSync(join(packages(), `${SERVER}_99.0.0_amd64.deb`), cut)
    truncateSync(cut, 60_000_000)
    const before = await kept()
    const { status, text } = await command(`dpkg -i /mnt/cut.deb`)
    expect(status).not.toBe(0)
    expect(await kept()).toBe(before)
    expect(await said(`dpkg-query -W -f '\${Version} \${db:Status-Status}' ${SERVER}`)).toBe(`${version} installed`)
    expect(await said(`${SERVER} --version && as abrt-reposync --status`), text).toContain(`${SERVER} ${version}`)
  })

  it('an upgrade that has no room for a copy of the database ends half-way with a sentence, loses nothing, and goes on', async () => {
    // A task that waits, as a server left it that was killed: it is, with this script.
    await said(`${START}
      # So large that a thread unpacks it.
      { cat core*; head -c 1000000 /dev/urandom; } | xz -0 >core.xz
      retrace_id=$(/usr/lib/abrt-retrace/node/bin/node --input-type=module -e '
        import { readFileSync } from "node:fs"
        const headers = { "Content-Type": "application/x-core", "Content-Encoding": "xz", Prefer: "respond-async" }
        const answer = await fetch("https://localhost:${PORT}/create", { method: "POST", body: readFileSync("core.xz"), headers })
        console.log(answer.headers.get("x-task-id"), answer.headers.get("x-task-password"))')
      echo "$retrace_id" >task`.replace(
      '/usr/lib/abrt-retrace/node/bin/node',
      'NODE_EXTRA_CA_CERTS=/etc/abrt-retrace/server.crt /usr/lib/abrt-retrace/node/bin/node',
    ))
    expect(await said('cat task')).toMatch(/^\d+ \S{22}$/m)
    const before = await kept()
    await said(`mkdir -p ${DATABASE}.before-99.0.0.new/in-the-way`)
    const { status, text } = await command(`dpkg -i ${deb('99.0.0')}`)
    expect([status, text]).toEqual([1, expect.stringContaining('cannot be copied to')])
    expect(await kept()).toBe(before)
    await said(`rm -r ${DATABASE}.before-99.0.0.new`)
    await said('dpkg --configure -a')
    expect(await kept()).toBe(before)
    expect(await said(`sha256sum <${DATABASE}.before-99.0.0`)).toMatch(/^[0-9a-f]{64}/)
  })

  it('the upgraded server migrates the database and ends the task of the version before', async () => {
    const text = await said(`${START}
      read -r id password <task
      for i in $(seq 600); do
        sleep 0.5; [ -e /var/spool/abrt-retrace/$id/retrace-log ] && break
      done
      cat /var/spool/abrt-retrace/$id/backtrace
      as sqlite3 ${DATABASE} 'SELECT count(*) FROM next'; grep ^RETRACE_PORT /etc/abrt-retrace/abrt-retrace.env`)
    expect(text).toContain('__GI___clock_nanosleep')
    expect(text).toContain(`\n0\nRETRACE_PORT=${PORT}\n`)
  })

  it('the upgrade brought new profiles, and kept one that the administrator had changed', async () => {
    expect(await said(`tail -qn 1 ${PROFILES}.d/wall ${PROFILES}.d/places`)).toBe(
      '# of the next version\n# of the administrator\n',
    )
  })

  it('a downgrade is refused with a sentence, and changes nothing', async () => {
    const before = await kept()
    const { status, text } = await command(`apt-get -q install -y --allow-downgrades ${deb(version)}`)
    expect([status, text]).toEqual([100, expect.stringContaining(`99.0.0 is installed, and ${version} is older`)])
    expect(await kept()).toBe(before)
    expect(await said(`dpkg-query -W -f '\${Version} \${db:Status-Status}' ${SERVER}`)).toBe('99.0.0 installed')
    expect(await said(`${SERVER} --version && as abrt-reposync --status`)).toContain('99.0.0')
  })

  it('removed it keeps all data, from which the version before goes on with the copy, as the runbook says', async () => {
    await said('mkdir -p /var/lib/abrt-engines/made && touch /var/lib/abrt-engines/made/gdb')
    const before = await kept()
    await said(`apt-get -q remove -y ${SERVER}`)
    expect(await kept()).toBe(before)
    expect(await said('ls /usr/lib/abrt-retrace /usr/sbin/abrt-* 2>/dev/null | wc -l')).toBe('0\n')
    const runbook = readFileSync(join(installationRoot(), 'ops/RUNBOOK.md'), 'utf8')
    await said(/^cd \/var\/lib\/abrt-retrace && .*retrace\.db$/m.exec(runbook)?.[0] ?? 'false')
    await said(`apt-get -q install -y ${deb(version)}`)
    expect(await said(`as abrt-reposync --status && as ${SERVER} --check | grep database`)).toContain('ok   database')
  })

  it('purged it takes all of it, engines too, and names what lies elsewhere', async () => {
    await said("echo 'RETRACE_TLS_CERT=/srv/own.crt' >>/etc/abrt-retrace/abrt-retrace.env; touch /srv/own.crt")
    expect(await said(`apt-get -q purge -y ${SERVER}`)).toContain('/srv/own.crt stays')
    expect(
      (await command(
        `ls -d ${DATA} ${PROFILES} ${PROFILES}.d /lib/systemd/system/abrt-* /etc/systemd/system/*.wants/abrt-*`,
      )).text.match(/cannot access/g),
    )
      .toHaveLength(9)
    expect(existsSync(join(root, 'srv/own.crt'))).toBe(true)
  })
})

describe('lintian', () => {
  it('finds no error in them, nor a warning; packages of a try may be uncompressed', () => {
    const debs = readdirSync(packages()).filter((name) => name.endsWith(`_${version}_amd64.deb`))
    const said = execFileSync('lintian', ['--allow-root', '--fail-on', 'none', ...debs], {
      cwd: packages(),
      encoding: 'utf8',
    })
    expect(said.split('\n').filter((line) => /^[EW]: (?!.* uses-no-compression)/.test(line))).toEqual([])
    // On a busy machine it takes a quarter of an hour for packages that are compressed.
  }, 3_600_000)
})
