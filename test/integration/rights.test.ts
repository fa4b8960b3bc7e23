/** Users who may not read or write what a server needs: what the programs say of it. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { serverSettings } from '../helpers/server.ts'

const bin = (name: string) => join(installationRoot(), 'ops', 'bin', name)

describe('a user who may not do everything', () => {
  const words = '--reuid=65534 --regid=65534 --clear-groups --'.split(' ')
  const asNobody = (folder: Folder, command: string[], settings: Record<string, string> = {}) =>
    spawnSync('setpriv', [...words, ...command], {
      env: {
        PATH: env.PATH,
        ...serverSettings(folder).settings,
        RETRACE_TLS_CERT: '',
        RETRACE_TLS_KEY: '',
        RETRACE_REQUIRE_HTTPS: '0',
        ...settings,
      },
      encoding: 'utf8',
      timeout: 60_000,
    })

  async function world(): Promise<Folder> {
    const folder = await temporaryFolder()
    chmodSync(folder.path, 0o755)
    for (const name of ['spool', 'database', 'repo']) mkdirSync(folder.file(name), { mode: 0o700 })
    return folder
  }

  const give = (folder: Folder, ...names: string[]) =>
    spawnSync('chown', ['65534:65534', ...names.map((name) => folder.file(name))])

  it.each<[string, (folder: Folder) => string]>([
    ['spool', (folder) => folder.file('spool', 'server.lock')],
    ['database', (folder) => folder.file('database', 'retrace.db.lock')],
  ])('is stopped by a lock that may only be read, which locks nothing: of the %s', async (_, lockOf) => {
    await using folder = await world()
    writeFileSync(lockOf(folder), '', { mode: 0o444 })
    give(folder, 'spool', 'database', 'repo')
    const started = asNobody(folder, [bin('abrt-retrace-server')])
    expect([started.status, started.stderr]).toEqual([
      2,
      expect.stringMatching(/its lock .* may only be read by this user/),
    ])
    const checked = asNobody(folder, [bin('abrt-retrace-server'), '--check'])
    expect(checked.stdout).toMatch(/^FAIL (spool|database) +the lock of RETRACE_[A-Z_]+ cannot be taken: .*EACCES/m)
  }, 60_000)

  it('is told by --check of the limit of open files that no sandbox can have', async () => {
    await using folder = await world()
    give(folder, 'spool', 'database', 'repo')
    const { stdout } = asNobody(folder, ['prlimit', '--nofile=256:256', bin('abrt-retrace-server'), '--check'])
    expect(stdout).toMatch(
      /^FAIL sandbox +sandboxes cannot have their limits: LimitNOFILE is 256, and sandboxes need 1024/m,
    )
  }, 60_000)

  it('is not told of lost+found, which a file system of its own has', async () => {
    await using folder = await world()
    mkdirSync(folder.file('repo', 'lost+found'), { mode: 0o700 })
    give(folder, 'spool', 'database', 'repo')
    const { stdout } = asNobody(folder, [bin('abrt-retrace-server'), '--check'])
    expect(stdout).toMatch(/^ok +store /m)
  }, 60_000)

  it(
    'is told of a folder of packages that another user synced, and of a file of repositories that it may not read',
    async () => {
      await using folder = await world()
      mkdirSync(folder.file('repo', 'debian-12-amd64'))
      give(folder, 'spool', 'database', 'repo')
      mkdirSync(folder.file('repos.d'))
      writeFileSync(folder.file('repos.d', 'x.sources'), '', { mode: 0o600 })
      const { stdout } = asNobody(folder, [bin('abrt-retrace-server'), '--check'])
      expect(stdout).toMatch(/^FAIL store +1 folder in RETRACE_REPO_DIR cannot be written to/m)
      expect(stdout).toMatch(
        /^FAIL repositories +RETRACE_REPOS_D cannot be used: .*x\.sources cannot be read \(EACCES\)/m,
      )
    },
    60_000,
  )

  it('migrates no older database that it may only read, and --check says so', async () => {
    await using folder = await world()
    changed(
      folder,
      'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
    )
    give(folder, 'spool', 'database', 'repo')
    chmodSync(folder.file('database', 'retrace.db'), 0o444)
    const { stdout } = asNobody(folder, [bin('abrt-retrace-server'), '--check'])
    expect(stdout).toMatch(/^FAIL database +RETRACE_DATABASE cannot be used/m)
  }, 60_000)
})

describe('a database that may only be read', () => {
  it('fails --check, and stops the start of server and sync', async () => {
    await using folder = await temporaryFolder()
    changed(folder, 'SELECT 1')
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    chmodSync(folder.path, 0o755)
    chmodSync(folder.file('database'), 0o777)
    chmodSync(folder.file('database', 'retrace.db'), 0o444)
    spawnSync('chown', ['65534:65534', folder.file('spool')])
    const words = '--reuid=65534 --regid=65534 --clear-groups --'.split(' ')
    const asNobody = (...command: string[]) =>
      spawnSync('setpriv', [...words, ...command], {
        env: {
          PATH: env.PATH,
          ...serverSettings(folder).settings,
          RETRACE_TLS_CERT: '',
          RETRACE_TLS_KEY: '',
          RETRACE_REQUIRE_HTTPS: '0',
        },
        encoding: 'utf8',
        timeout: 60_000,
      })
    const checked = asNobody(bin('abrt-retrace-server'), '--check')
    expect(checked.stdout).toMatch(/^FAIL database +RETRACE_DATABASE cannot be used/m)
    expect(checked.status).toBe(1)
    for (const program of ['abrt-retrace-server', 'abrt-reposync']) {
      const { status, stderr } = asNobody(bin(program))
      expect([status, stderr]).toEqual([2, expect.stringMatching(/RETRACE_DATABASE \(.*\) may only be read/)])
    }
  }, 60_000)
})

function changed(folder: Folder, sql: string): void {
  const database = openDatabase(folder.file('database', 'retrace.db'), { migrate: true })
  database.$client.exec(sql)
  database.$client.close()
}
