/** The image: built, refused where bubblewrap cannot work, run with what docs/container.md says, a first retrace, its end. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { DebRepository } from '../helpers/deb_repository.ts'
import { type FileServer, serveFolder } from '../helpers/file_server.ts'
import { isTaken, workerFlags } from '../helpers/code_cache.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { builtFiles, findBuilt, findLacking, found } from '../helpers/opened.ts'
import { bin } from '../helpers/run_program.ts'
import { Podman } from './podman.ts'

const PORT = '18444'
const root = installationRoot()
/** Of docs/container.md, 'What bubblewrap needs inside'. */
const NEEDED = [
  ...['--cap-drop=ALL', '--security-opt=no-new-privileges', '--security-opt=unmask=/proc/sys'],
  `--security-opt=seccomp=${join(root, 'ops/container/seccomp.json')}`,
]
const HOME = '/usr/local/lib/abrt-retrace'
const VOLUMES = {
  etc: '/etc/abrt-retrace',
  lib: '/var/lib/abrt-retrace',
  spool: '/var/spool/abrt-retrace',
  cache: '/var/cache/abrt-repo',
}

let folder: Folder
let podman: Podman
let repository: DebRepository
let mirror: FileServer

/** Volumes in folders of ours, as the image has them: of its user 990. */
function volumes(): string[] {
  return Object.entries(VOLUMES).flatMap(([name, at]) => {
    mkdirSync(folder.file(name), { recursive: true })
    return ['-v', `${folder.file(name)}:${at}:U`]
  })
}

const settings = () => ['-e', `RETRACE_PORT=${PORT}`, '-e', 'RETRACE_MIN_FREE_MB=10']

/** Throws where what a container says never holds these words. */
async function untilItSays(name: string, words: string): Promise<void> {
  let text = ''
  for (let tries = 0; tries < 240; tries++) {
    text = (await podman.logs(name)).text
    if (text.includes(words)) return
    await sleep(500)
  }
  throw new Error(`${name} never said '${words}', but: ${text}`)
}

beforeAll(async () => {
  folder = await temporaryFolder()
  // The service's user looks for its volumes there.
  chmodSync(folder.path, 0o755)
  podman = new Podman(folder.path)
  podman.build()
  mkdirSync(folder.file('archive'))
  repository = new DebRepository(folder.file('archive'))
  mirror = await serveFolder(repository.root)
})

afterAll(async () => {
  await mirror[Symbol.asyncDispose]()
  repository[Symbol.dispose]()
  await podman[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('the container', () => {
  it.each([
    ['with the defaults of podman', []],
    ['without the filter', NEEDED.filter((each) => !each.includes('seccomp'))],
    ['without /proc/sys', NEEDED.filter((each) => !each.includes('unmask'))],
    ['as its root, without its capability', ['--user=0']],
  ])('refuses to start a server whose sandbox does not work: %s', async (_, options) => {
    const { status, text } = await podman.run(options)
    expect([status, text]).toEqual([
      1,
      expect.stringMatching(/^FAIL sandbox .*[\s\S]*docs\/container\.md says what it needs/m),
    ])
    expect(text).not.toContain('listening on')
  })

  it('needs no capability, no root and no unconfined filter', async () => {
    const { status, text } = await podman.run(
      NEEDED,
      'sh',
      '-c',
      'grep -E "^(Cap|Seccomp:|NoNew)" /proc/self/status; id -u',
    )
    expect([status, text.replaceAll(/\s+/g, ' ')]).toEqual([
      0,
      'CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 ' +
      'CapAmb: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 990 ',
    ])
    expect((await podman.run(NEEDED, 'abrt-retrace-server', '--check', 'sandbox')).text).toMatch(/^ok {3}sandbox /m)
  })

  it('has every file that its programs open while they run, and a code cache that its Node takes', async () => {
    const { text } = await podman.run([], 'sh', '-c', findBuilt(HOME))
    expect(found(text)).toEqual(builtFiles())
    expect((await podman.run([], 'sh', '-c', findLacking(HOME))).text).toBe('')
    expect(text).toContain('abrt-retrace-worker.cache\n')
    expect(await podman.run([], 'node', ...workerFlags(), '-e', isTaken(HOME))).toEqual({
      status: 0,
      text: 'taken\n',
    })
  })

  it('the first retrace: the server, its repositories, a core of a program of the image', async () => {
    const started = performance.now()
    await podman.start('retrace-test-server', [...NEEDED, ...volumes(), ...settings()])
    await untilItSays('retrace-test-server', 'listening on')
    const listening = performance.now()
    expect(readdirSync(folder.file('etc', 'repos.d')).join()).toMatch(/\.sources$/)
    await takePackages()
    const synced = await podman.exec('retrace-test-server', 'container-start', 'abrt-reposync')
    expect([synced.status, synced.text]).toEqual([0, expect.stringContaining('3 packages')])
    mkdirSync(folder.file('crash'))
    const core = await podman.run(
      ['-v', `${folder.file('crash')}:/work:U`, '--ulimit=core=-1:-1', ...NEEDED],
      ...['sh', '-c', 'cd /work; sleep 100 & sleep 1; kill -SEGV $!; wait $!; mv core* the-core'],
    )
    expect(existsSync(folder.file('crash', 'the-core')), core.text).toBe(true)
    const { stdout } = await promisify(execFile)(bin('retrace'), [
      ...['--server', `https://localhost:${PORT}`, '--yes', folder.file('crash', 'the-core')],
    ], { env: { ...env, NODE_EXTRA_CA_CERTS: folder.file('etc', 'server.crt') }, timeout: 300_000 })
    expect(stdout).toMatch(/__GI___clock_nanosleep .*\n[\s\S]*__libc_start_call_main/)
    console.log(`listening after ${Math.round(listening - started)} ms`)
  })

  it('the mirror runs at once and waits for its next time, and one that fails is said', async () => {
    const asked = mirror.requests.length
    await podman.start('retrace-test-mirror', [...NEEDED, ...volumes(), ...settings()], 'reposync')
    // It says nothing where nothing changed; the archive was asked.
    for (let tries = 0; tries < 240 && mirror.requests.length === asked; tries++) await sleep(500)
    expect(mirror.requests.length).toBeGreaterThan(asked)
    const waits = [
      'sh',
      '-c',
      'for i in $(seq 60); do grep -hx sleep /proc/[0-9]*/comm && exit; timeout 1 tail -f /dev/null || :; done',
    ]
    expect((await podman.exec('retrace-test-mirror', ...waits)).text).toBe('sleep\n')
    mirror.fault('InRelease', 'error')
    await podman.start('retrace-test-broken', [...NEEDED, ...volumes(), ...settings()], 'reposync')
    await untilItSays('retrace-test-broken', 'it runs again in 600 s')
    expect((await podman.logs('retrace-test-broken')).text).toContain('container-start: abrt-reposync ended with 1')
    for (const name of ['retrace-test-mirror', 'retrace-test-broken']) {
      expect((await podman.stop(name)).text, name).toBe('0\n')
    }
  })

  it('what it is given as environment goes before the file of settings', async () => {
    const { text } = await podman.run([...NEEDED, ...volumes(), '-e', "RETRACE_PUBLIC_URL=https://it's here"], 'env')
    expect(text).toContain("RETRACE_PUBLIC_URL=https://it's here\n")
    expect(text).toContain('RETRACE_TLS_CERT=/etc/abrt-retrace/server.crt\n')
  })

  it('SIGTERM ends the server in order, and what ended without a parent is no zombie', async () => {
    // Who is between its end and its parent's next look is one for a moment.
    const zombies = `for try in $(seq 10); do
        left=$(for each in /proc/[0-9]*/status; do grep -q '^State:.Z' $each && grep -E '^(Name|PPid)' $each; done 2>/dev/null)
        [ -n "$left" ] || exit 0; timeout 1 tail -f /dev/null || :
      done; echo "$left"`
    expect((await podman.exec('retrace-test-server', 'sh', '-c', zombies)).text).toBe('')
    expect((await podman.stop('retrace-test-server')).text).toBe('0\n')
    expect((await podman.logs('retrace-test-server')).text).toMatch(/stopp|ended/)
  })
})

/** The packages of the image's sleep and libc, in the repository that the server mirrors instead of Debian's. */
async function takePackages(): Promise<void> {
  mkdirSync(folder.file('debs'))
  const { status, text } = await podman.run(
    ['--user=0', '-v', `${folder.file('debs')}:/debs`],
    ...[
      'sh',
      '-c',
      'apt-get -q update && cd /debs && apt-get -q -o APT::Sandbox::User=root download coreutils libc6 libc6-dbg',
    ],
  )
  expect([status, text]).toEqual([0, expect.anything()])
  for (const name of readdirSync(folder.file('debs'))) repository.takeReal(folder.file('debs', name))
  repository.publish()
  const key = repository.armouredKey.trimEnd().split('\n').map((line) => ` ${line === '' ? '.' : line}`).join('\n')
  const repos = folder.file('etc', 'repos.d')
  for (const name of readdirSync(repos)) writeFileSync(join(repos, name), '')
  writeFileSync(join(repos, 'test.sources'), repository.sources(mirror.url, { 'Signed-By': `\n${key}` }))
}
