/** The one list of looks, on a server that is well and on one where everything is broken. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { openDatabase } from '../../../src/database/database.ts'
import { whatTakesNothing } from '../../../src/health/equipment.ts'
import { type Finding, lookAt, type Subject } from '../../../src/health/look.ts'
import { LOOKS, looksNamed } from '../../../src/health/looks.ts'
import { createReadiness } from '../../../src/health/readiness.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

const toldToStrangers = LOOKS.filter(({ part }) => part !== undefined)

function subjectIn(folder: Folder, change: Partial<Subject> = {}, settings: Record<string, string> = {}): Subject {
  const config = readConfig(['abrt-retrace-server', 'abrt-retrace-worker'], {
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_DATABASE: folder.file('retrace.db'),
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.path,
    RETRACE_MIN_FREE_MB: '0',
    RETRACE_REQUIRE_HTTPS: '0',
    ...settings,
  })
  return { config, database: () => undefined, isRunning: false, now: new Date(), ...change }
}

async function findingsOf(subject: Subject): Promise<Record<string, Finding>> {
  return Object.fromEntries(await Promise.all(LOOKS.map(async (look) => [look.what, await lookAt(look, subject)])))
}

describe('the looks', () => {
  it('gives each look a name of its own, and each part of /readyz a look', () => {
    expect(new Set(LOOKS.map(({ what }) => what)).size).toBe(LOOKS.length)
    const parts = [...new Set(toldToStrangers.map(({ part }) => part))]
    expect(parts).toEqual(['spool', 'space', 'database', 'store', 'sandbox', 'programs', 'sync'])
  })

  it('are those that --check names, all of them where it names none, and refuses other names with those that there are', () => {
    expect(looksNamed([])).toEqual(LOOKS)
    for (const { what } of LOOKS) expect(looksNamed([what]).map((each) => each.what)).toEqual([what])
    expect(looksNamed(['gdb', 'sandbox']).map(({ what }) => what)).toEqual(['sandbox', 'gdb'])
    expect(() => looksNamed(['sandbox', 'walls'])).toThrow(
      /^There is no look 'walls' of --check; there are .*\bsandbox\b/,
    )
  })

  it('find no fault before the first start, but that nothing was synced', async () => {
    await using folder = await temporaryFolder()
    const found = await findingsOf(subjectIn(folder))
    expect(Object.entries(found).filter(([, { verdict }]) => verdict === 'FAIL')).toEqual([])
    expect(found).toMatchObject({
      'spool': { text: 'RETRACE_SPOOL_DIR will be made at start' },
      'database': { text: 'RETRACE_DATABASE will be made at start' },
      'last sync': { verdict: 'warn' },
    })
  })

  it('miss what a running server has made', async () => {
    await using folder = await temporaryFolder()
    const { spool } = await findingsOf(subjectIn(folder, { isRunning: true }))
    expect(spool).toMatchObject({ verdict: 'FAIL', text: 'RETRACE_SPOOL_DIR cannot be written to (ENOENT)' })
  })

  it('find a spool that others can write to', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'))
    chmodSync(folder.file('spool'), 0o770)
    const { spool } = await findingsOf(subjectIn(folder))
    expect(spool).toMatchObject({ verdict: 'FAIL', more: `${folder.file('spool')}: run chmod 0700 on it` })
  })

  it('advise nobody to change the mode of a file that stands in the place of the spool', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('spool'), '')
    chmodSync(folder.file('spool'), 0o666)
    const { spool } = await findingsOf(subjectIn(folder))
    expect(spool).toEqual({
      verdict: 'FAIL',
      text: 'RETRACE_SPOOL_DIR is not a directory',
      more: folder.file('spool'),
    })
  })

  it('say of a database that is locked that it is written to, and after a minute that it is stuck', async () => {
    await using folder = await temporaryFolder()
    const [own, other] = [0, 1].map(() => openDatabase(folder.file('retrace.db'), { migrate: true }))
    const at = async (seconds: number) => {
      const now = new Date(1_000_000 + seconds * 1000)
      return (await findingsOf(subjectIn(folder, { database: () => own, isRunning: true, now }))).database
    }
    other?.$client.exec('BEGIN IMMEDIATE')
    for (const seconds of [0, 60]) {
      expect(await at(seconds)).toMatchObject({ verdict: 'ok', text: 'RETRACE_DATABASE is being written to' })
    }
    expect(await at(61)).toMatchObject({ verdict: 'FAIL', text: 'RETRACE_DATABASE has been locked for 61 seconds' })
    other?.$client.exec('ROLLBACK')
    expect(await at(62)).toMatchObject({ verdict: 'ok', text: 'RETRACE_DATABASE can be written to' })
    other?.$client.exec('BEGIN IMMEDIATE')
    expect(await at(63)).toMatchObject({ verdict: 'ok' })
    for (const each of [own, other]) each?.$client.close()
  }, 60_000)

  it('find a database that is none', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('retrace.db'), 'x'.repeat(5000))
    const { database } = await findingsOf(
      subjectIn(folder, { database: () => openDatabase(folder.file('retrace.db')) }),
    )
    expect(database).toMatchObject({ verdict: 'FAIL', more: expect.stringMatching(/is damaged .*restore a backup/) })
  })

  it('tell a stranger no path, however much is broken', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('spool'), 'no folder')
    writeFileSync(folder.file('retrace.db'), 'x'.repeat(5000))
    const broken = subjectIn(
      folder,
      { isRunning: true, database: () => openDatabase(folder.file('retrace.db')) },
      { RETRACE_MIN_FREE_MB: '1073741824' },
    )
    for (const look of toldToStrangers) expect((await lookAt(look, broken)).text).not.toContain('/')
  })

  it('turn a question that cannot be answered into a failure', async () => {
    await using folder = await temporaryFolder()
    const cause = Object.assign(new Error('EIO: i/o error, statfs /secret'), { code: 'EIO' })
    const look = { what: 'x', question: () => Promise.reject(cause) }
    expect(await lookAt(look, subjectIn(folder)))
      .toEqual({ verdict: 'FAIL', text: 'it cannot be looked at (EIO)', more: cause.message })
  })
})

describe('createReadiness()', () => {
  it('asks costly questions again after half a minute, and the others each time', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    const database = openDatabase(folder.file('retrace.db'), { migrate: true })
    let at = 0
    const readiness = createReadiness({
      config: subjectIn(folder).config,
      database,
      stopping: new AbortController().signal,
      now: () => new Date(at),
    })
    expect((await readiness()).ready).toBe(true)
    database.$client.exec(`INSERT INTO release (id, name) VALUES (1, 'debian-12-amd64');
      INSERT INTO repository (release_id, format, uri, suite, component, architecture, fetch, superseded)
      VALUES (1, 'deb', 'http://archive.example/', 'bookworm', 'main', 'amd64', 'on-demand', 'keep')`)
    chmodSync(folder.file('spool'), 0o777)
    expect((await readiness()).parts).toMatchObject({ spool: { ok: false }, sync: { ok: true } })
    at += 30_000
    expect((await readiness()).parts.sync).toEqual({
      ok: false,
      text: 'a repository was never synced: run abrt-reposync',
    })
    database.$client.close()
  })

  it('createReadiness() says not ready while the server stops', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    const database = openDatabase(folder.file('retrace.db'), { migrate: true })
    const { config, now } = subjectIn(folder)
    const readiness = createReadiness({ config, database, stopping: AbortSignal.abort(), now: () => now })
    expect(await readiness()).toMatchObject({ ready: false, parts: { server: { ok: false, text: 'it is stopping' } } })
    database.$client.close()
  })

  it('a folder of repositories that is not there keeps no task away where nobody has set it', async () => {
    await using folder = await temporaryFolder()
    const set = { RETRACE_REPOS_D: folder.file('nowhere') }
    expect(await whatTakesNothing(subjectIn(folder, {}, set).config)).toMatchObject({ code: 'store-unavailable' })
    expect(await whatTakesNothing(subjectIn(folder, {}, { RETRACE_REPOS_D: '' }).config)).toBe(undefined)
  })
})
