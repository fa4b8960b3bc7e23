/**
 * Hosts that are not as a Debian of one's own: folders below which only root may look, containers of users, kernels that let
 * nobody make namespaces. What runs behind the wall runs there all the same, or it is said why not, and nothing runs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env, execPath, geteuid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { fixtureCore } from '../helpers/cores.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const TRIAL = `file://${join(installationRoot(), 'dist', 'src', 'process', 'trial.js')}`
const TRY = `const { tryWall } = await import('${TRIAL}')
  await tryWall({}).then(() => console.log('works'), (error) => console.log(error.message))`
const isRoot = geteuid?.() === 0

describe.skipIf(!isRoot)(
  'an installation below a folder that only root may enter, as ops/demo makes it in /root',
  () => {
    it('has its debugger read what it needs, with spool, store and database there, too', async () => {
      await using folder = await temporaryFolder()
      const home = folder.file('root')
      const place = join(home, 'retrace')
      mkdirSync(place, { recursive: true })
      for (const name of ['dist/bundle', 'ops', 'package.json', 'schema', 'workers']) {
        cpSync(join(installationRoot(), name), join(place, name), { recursive: true })
      }
      symlinkSync(join(installationRoot(), 'node_modules'), join(place, 'node_modules'))
      chmodSync(place, 0o700)
      chmodSync(home, 0o700)
      const task = join(home, 'spool', '1')
      mkdirSync(task, { recursive: true, mode: 0o700 })
      cpSync(fixtureCore('amd64', folder.path).core, join(task, 'coredump'))
      const { stdout, stderr } = spawnSync(join(place, 'ops', 'bin', 'abrt-retrace-worker'), [task], {
        encoding: 'utf8',
        env: {
          PATH: env.PATH,
          RETRACE_SPOOL_DIR: join(home, 'spool'),
          RETRACE_REPO_DIR: join(home, 'store'),
          RETRACE_DATABASE: join(home, 'index', 'retrace.db'),
          RETRACE_TASK_MEMORY_MB: '1024',
        },
      })
      expect(stdout + stderr).toMatch(/^debug: gdb-multiarch reads this core/m)
      expect(JSON.parse(readFileSync(join(task, 'outcome.json'), 'utf8')).code).not.toMatch(/debugger|sandbox|internal/)
    })
  },
)

/** What TRY says in a user namespace with this map, of this process's users. */
async function inNamespace(map: string, before = ''): Promise<string> {
  // Capabilities are kept, not gained by executing: that is forbidden where no_new_privs is set, as within bwrap.
  const script = `read -r _; exec sh -c '${before} exec "$0" --input-type=module -e "$1"' "$0" "$1"`
  const child = spawn('unshare', ['--user', '--keep-caps', '--', 'sh', '-c', script, execPath, TRY], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding('utf8').on('data', (text: string) => said += text)
  const isThere = () => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1').startsWith('sh\0')
  await expect.poll(isThere).toBe(true)
  for (const name of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${name}`, map)
  child.stdin.end('go\n')
  await once(child, 'close')
  return said.trim()
}

describe.skipIf(!isRoot)('a container', () => {
  it.each([
    ['of a user, who is its root and has further users in a row of their own', '0 0 1\n1 100000 65536\n'],
    ['of a user who keeps his number', '0 0 1\n1 100001 999\n1000 1000 1\n1001 101001 64536\n'],
    ['of one row', '0 0 1000000\n'],
  ])('%s has a wall that works', async (_, map) => {
    expect(await inNamespace(map)).toBe('works')
  })

  it('with no user but its root has none, and says so', async () => {
    expect(await inNamespace('0 0 1\n')).toMatch(/more than 65534 users, got 1/)
  })

  it('whose kernel lets nobody make namespaces has none, and says so', async () => {
    expect(await inNamespace('0 0 1\n1 100000 65536\n', 'echo 0 >/proc/sys/user/max_user_namespaces &&'))
      .toMatch(/^(There are no users for sandboxes|The sandbox).*: .*unshare/)
  })
})
