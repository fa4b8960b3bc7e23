import { setImmediate } from 'node:timers'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { periodName } from '../../../src/pages/statistics.tsx'
import { countOnce, pruneCounts } from '../../../src/runner/crash_table.ts'
import type { Question } from '../../../src/statistics/shape.ts'
import type { Database } from '../../../src/database/database.ts'
import { MAX_WAITING, Questions } from '../../../src/statistics/questions.ts'
import { statisticsOf } from '../../../src/statistics/statistics.ts'
import { addPackage, addRepository, temporaryDatabase } from '../../helpers/index_rows.ts'

const NOW = Date.parse('2026-11-28T10:30:00Z') / 1000
const HOUR = Date.parse('2026-11-28T10:00:00Z') / 1000
const DAY = 86_400
const QUESTION: Question = { by: 'day', days: 30, release: undefined, package: undefined }
const RELEASE = 'debian-12-amd64'

interface Made {
  package: string
  outcome?: string
  signature?: string
  release?: string
  daysAgo?: number
  seconds?: number
  missing?: string
}

let made: Awaited<ReturnType<typeof temporaryDatabase>>
let id = 0

function task(
  { package: name, outcome = 'ok', signature = '', release = RELEASE, daysAgo = 0, seconds = 2, missing }: Made,
) {
  const hour = HOUR - daysAgo * DAY
  countOnce(made.database, ++id, { hour, release, package: name, outcome, signature, duphash: '' }, {
    hour,
    release,
    signature,
    sentence: `${name} crashed in secret_${name}`,
    seconds: { debug: seconds, total: seconds + 1 },
    packages: { here: 3, fetched: 1 },
    missing: missing === undefined
      ? []
      : [{ package: `${missing}_1_amd64`, file: `${missing}.so`, buildId: 'ab', status: 'missing' }],
  })
}

const ask = (question: Partial<Question> = {}, isPublic = false) =>
  statisticsOf(made.database, { question: { ...QUESTION, ...question }, now: NOW, isPublic })

beforeAll(async () => {
  made = await temporaryDatabase()
  const { releaseId, repositoryId } = addRepository(made.database)
  for (const name of ['bash', 'rare', 'libffi8']) addPackage(made.database, { name, releaseId, repositoryId })
  for (let time = 0; time < 5; time++) {
    task({ package: 'bash', signature: '1:bash', daysAgo: time, seconds: 1 + time, missing: 'libffi8' })
  }
  for (let time = 0; time < 4; time++) {
    task({ package: 'private', signature: '1:private', outcome: 'debuginfo-missing', missing: 'private' })
  }
  task({ package: 'rare', signature: '1:rare', outcome: 'internal', release: 'own-1-amd64' })
  task({ package: 'bash', daysAgo: 29, seconds: 100 })
  task({ package: 'bash', daysAgo: 31 })
})
afterAll(() => made[Symbol.asyncDispose]())

describe('for an administrator', () => {
  it('counts tasks by day and outcome, releases, packages and crashes, the most frequent first', async () => {
    const found = await ask()
    expect(found).toMatchObject({
      tasks: 11,
      since: '2026-10-30',
      until: '2026-11-28',
      outcomes: { 'ok': 6, 'debuginfo-missing': 4, 'internal': 1 },
      releases: [{ release: RELEASE, tasks: 10 }, { release: 'own-1-amd64', tasks: 1 }],
      packages: [{ package: 'bash', tasks: 6 }, { package: 'private', tasks: 4 }, { package: 'rare', tasks: 1 }],
      supply: { here: 33, fetched: 11 },
    })
    expect(found.periods.length).toBe(30)
    expect(found.periods.at(-1)).toEqual({
      start: '2026-11-28',
      tasks: 6,
      outcomes: { 'ok': 1, 'debuginfo-missing': 4, 'internal': 1 },
    })
    expect(found.crashes.map(({ signature, tasks }) => [signature, tasks])).toEqual([['1:bash', 5], ['1:private', 4], [
      '1:rare',
      1,
    ]])
    expect(found.missing.map(({ file, times }) => [file, times])).toEqual([['libffi8.so', 5], ['private.so', 4]])
  })

  it('tells how long steps took, by percentiles', async () => {
    const [total, debug] = (await ask()).steps
    expect([total?.step, debug?.step, debug?.times]).toEqual(['total', 'debug', 11])
    expect(debug?.p50).toBeGreaterThan(1.7)
    expect(debug?.p50).toBeLessThan(2.3)
    expect(debug?.p99).toBeGreaterThan(85)
  })

  it('finds what is of no known release or package by the word that it is shown as', async () => {
    task({ package: '', release: '', daysAgo: 100 })
    const found = await ask({ days: 365 })
    expect(found.releases).toContainEqual({ release: 'unknown', tasks: 1 })
    expect(found.packages).toContainEqual({ package: 'unknown', tasks: 1 })
    expect((await ask({ days: 365, release: 'unknown', package: 'unknown' })).tasks).toBe(1)
  })

  it.each([7, 30, 90, 365, 730] as const)('names no two periods of %i days alike in a plot', async (days) => {
    for (const by of ['day', 'week'] as const) {
      const names = (await ask({ days, by })).periods.map(({ start }) => periodName(start, days))
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('counts by week from Mondays, of one release, of one package, of more days', async () => {
    expect((await ask({ by: 'week' })).periods.at(-1)?.start).toBe('2026-11-23')
    expect((await ask({ release: 'own-1-amd64' })).tasks).toBe(1)
    expect((await ask({ package: 'bash', days: 90 })).tasks).toBe(7)
  })
})

describe('for everybody', () => {
  it('groups of fewer than three tasks are others, and of a package that no repository has there is nothing', async () => {
    const found = await ask({}, true)
    expect(found.outcomes).toEqual({ 'ok': 6, 'debuginfo-missing': 4, 'others': 1 })
    expect(found.releases).toEqual([{ release: RELEASE, tasks: 10 }, { release: 'others', tasks: 1 }])
    expect(found.packages).toEqual([{ package: 'bash', tasks: 6 }, { package: 'others', tasks: 5 }])
    expect(found.crashes.map(({ signature }) => signature)).toEqual(['1:bash'])
    expect(found.missing.map(({ file }) => file)).toEqual(['libffi8.so'])
    expect(JSON.stringify(found)).not.toMatch(/private|rare|own-1/)
  })

  it('a day is a group, too, and so are the steps and packages of the tasks of a time', async () => {
    const { periods, steps, supply } = await ask({}, true)
    expect(periods.at(-1)).toEqual({ start: '2026-11-28', tasks: 6, outcomes: { 'debuginfo-missing': 4, 'others': 2 } })
    expect(periods.at(-2)).toEqual({ start: '2026-11-27', tasks: 1, outcomes: { others: 1 } })
    expect([steps.length, supply]).toEqual([2, { here: 33, fetched: 11 }])
    await using few = await temporaryDatabase()
    const times = { debug: 1, total: 2 }
    const details = {
      hour: HOUR,
      release: RELEASE,
      signature: '',
      sentence: '',
      seconds: times,
      packages: { here: 3, fetched: 1 },
      missing: [],
    }
    countOnce(few.database, 1, {
      hour: HOUR,
      release: RELEASE,
      package: 'bash',
      outcome: 'ok',
      signature: '',
      duphash: '',
    }, details)
    const one = await statisticsOf(few.database, { question: QUESTION, now: NOW, isPublic: true })
    expect(one).toMatchObject({ tasks: 0, steps: [], supply: { here: 0, fetched: 0 } })
  })

  it('of a crash only those releases are named that others crashed on, too', async () => {
    const found = await ask({}, true)
    expect(found.crashes.flatMap(({ releases }) => releases)).toEqual([RELEASE])
  })

  it.each([[{ package: 'private' }], [{ package: 'rare' }], [{ release: 'own-1-amd64' }], [{
    package: 'bash',
    days: 7 as const,
    release: 'x',
  }]])(
    'asked for %o it tells nothing',
    async (question) => {
      expect(await ask(question, true)).toMatchObject({
        tasks: 0,
        outcomes: {},
        packages: [],
        releases: [],
        crashes: [],
        missing: [],
      })
    },
  )
})

it('what is too old goes, with the sentences of crashes that are counted no more', () => {
  expect(pruneCounts(made.database, HOUR + 3600, { dryRun: false })).toBeGreaterThan(5)
  return expect(ask({ days: 730 })).resolves.toMatchObject({
    tasks: 0,
    steps: [],
    missing: [],
    supply: { here: 0, fetched: 0 },
  })
})

/** How often others came to their turn while a question was answered. */
async function turnsWhile(database: Database, question: Partial<Question>) {
  let turns = 0
  let isOver = false
  const tick = () => void (isOver || (turns++, setImmediate(tick)))
  setImmediate(tick)
  const found = await statisticsOf(database, { question: { ...QUESTION, ...question }, now: NOW, isPublic: false })
  isOver = true
  return { turns, found }
}

/** Questions that all who asked have left are answered no more, and hold no place. */
async function endsWithItsAskers(database: Database): Promise<void> {
  const questions = new Questions({ database, now: () => new Date(NOW * 1000) })
  const ask = (name: string) => {
    const gone = new AbortController()
    const answer = questions.ask({ ...QUESTION, package: name }, { isPublic: false, gone: gone.signal })
    return { answer: answer?.then(({ tasks }) => tasks, (error: Error) => error.name), leave: () => gone.abort() }
  }
  const all = Array.from({ length: MAX_WAITING + 1 }, (_, name) => ask(`p${name}`))
  const again = ask('p0')
  expect(ask('one more').answer).toBeUndefined()
  for (const each of all) each.leave()
  const next = ask('p99')
  expect(await Promise.all(all.slice(1).map(({ answer }) => answer))).toEqual(Array(MAX_WAITING).fill('AbortError'))
  expect(await again.answer, 'for whom somebody waits still').toBeGreaterThan(0)
  expect(await next.answer).toBeGreaterThan(0)
  all[1]?.leave()
  expect(await ask('p1').answer, 'is asked anew').toBeGreaterThan(0)
}

describe('statistics of very many tasks', () => {
  it('let others go on after every thousand rows, and count what is frequent right', async () => {
    await using many = await temporaryDatabase()
    const rows = 12_000
    // Each a crash of its own but every third; within few hours, so that pages end within one.
    many.database.run(sql`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows - 1})
      INSERT INTO crash_count (signature, hour, release, package, outcome, duphash, count)
      SELECT iif(i % 3 = 0, 'often', 'once-' || i), ${HOUR} - 3600 * (i % 5), ${RELEASE}, 'p' || (i % 700), 'ok', i, 1 FROM n`)
    many.database.run(sql`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows - 1})
      INSERT INTO missing_file (hour, release, build_id, file, package, status, count)
      SELECT ${HOUR} - 3600 * (i % 5), ${RELEASE}, 'b' || (i / 5), 'f', 'p', iif(i % 2 = 0, 'missing', 'mismatch'), 1 FROM n`)
    const { turns, found } = await turnsWhile(many.database, {})
    expect(turns).toBeGreaterThanOrEqual(2 * rows / 1000)
    expect(found.tasks).toBe(rows)
    expect(found.outcomes).toEqual({ ok: rows })
    expect(found.crashes[0]).toMatchObject({ signature: 'often', tasks: rows / 3, package: 'p99', releases: [RELEASE] })
    expect(found.crashes).toHaveLength(50)
    expect(found.packages).toHaveLength(500)
    expect(found.missing[0]?.times).toBe(5)
    const { turns: others, found: one } = await turnsWhile(many.database, { release: 'none', package: 'none' })
    expect(others, 'where nothing fits, too').toBeGreaterThanOrEqual(2 * rows / 1000)
    expect(one).toMatchObject({ tasks: 0, crashes: [], missing: [] })
    await endsWithItsAskers(many.database)
  })
})
