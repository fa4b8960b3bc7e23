/**
 * GET /stats: how tasks end, what crashes most, what the mirror lacks; a page, or JSON (docs/http.md, 'Statistics'). RETRACE_STATS
 * says who sees it.
 */
import { BlockList } from 'node:net'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import * as z from 'zod'
import { RetraceError } from '../errors/errors.ts'
import { answerJson } from '../http/answer.ts'
import { refusals } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { answerPage, wantsPage } from '../http/page.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { statisticsPage } from '../pages/statistics.tsx'
import { MAX_WAITING, Questions } from '../statistics/questions.ts'
import { PERIODS, type Question, SPANS, type Statistics } from '../statistics/shape.ts'
import { count } from '../text/count.ts'
import { siteOf } from './site.ts'

const RETRY_S = 10
const MAX_NAME = 200

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

const Counts = z.record(z.string(), z.int())
export const StatisticsAnswer = z.object({
  by: z.enum(PERIODS),
  days: z.int(),
  since: z.iso.date(),
  until: z.iso.date(),
  release: z.string().nullable(),
  package: z.string().nullable(),
  tasks: z.int(),
  outcomes: Counts,
  periods: z.array(z.object({ start: z.iso.date(), tasks: z.int(), outcomes: Counts })),
  steps: z.array(z.object({ step: z.string(), times: z.int(), p50: z.number(), p90: z.number(), p99: z.number() }))
    .describe('Seconds, of all tasks'),
  releases: z.array(z.object({ release: z.string(), tasks: z.int() })),
  packages: z.array(z.object({ package: z.string(), tasks: z.int() })),
  crashes: z.array(z.object({
    signature: z.string(),
    sentence: z.string().nullable(),
    package: z.string(),
    releases: z.array(z.string()),
    tasks: z.int(),
  })),
  missing: z.array(z.object({
    release: z.string(),
    package: z.string(),
    file: z.string(),
    build_id: z.string(),
    status: z.string(),
    times: z.int(),
  })).describe('What to mirror next'),
  supply: z.object({ here: z.int(), fetched: z.int() }).describe('Packages that tasks used'),
  disk: z.array(z.object({ release: z.string(), packages: z.int(), bytes: z.int() })),
  queue: z.object({
    running: z.int(),
    queued: z.int(),
    uploading: z.int(),
    going_on: z.int().describe('That run again, or wait to, with memory that came from their clients'),
  }),
}).meta({ ref: 'Statistics' })

function tooManyQuestions(): RetraceError {
  return new RetraceError('server-full', {
    detail: `${count(MAX_WAITING, 'question')} to the statistics wait already; try again in ${
      count(RETRY_S, 'second')
    }`,
    headers: { 'Retry-After': String(RETRY_S) },
  })
}

/** `isOwnListener`: only this machine reaches it. */
export function statsRoutes(services: Services, { isOwnListener = false } = {}): Hono<AppEnv> {
  const questions = new Questions(services)

  async function ask(c: Context<AppEnv>, isPublic: boolean): Promise<Statistics> {
    const gone = new AbortController()
    c.env.outgoing.once('close', () => gone.abort())
    const answer = questions.ask(questionOf(c.req.query()), { isPublic, gone: gone.signal })
    if (answer === undefined) throw tooManyQuestions()
    return await answer.catch((cause: unknown) => {
      if (!gone.signal.aborted) throw cause
      throw new RetraceError('client-gone', { detail: 'The connection was closed before there was an answer', cause })
    })
  }

  return new Hono<AppEnv>()
    .get('/stats', describeStats, async (c) => {
      const { stats: shownTo } = services.config
      const isLocal = isOwnListener || isOfThisMachine(c)
      if (shownTo === 'off' || (shownTo === 'loopback' && !isLocal)) {
        throw new RetraceError('not-found', { detail: 'Statistics are not shown here (RETRACE_STATS)' })
      }
      const { goingOn: going_on, ...load } = services.runner.load()
      const found = { ...await ask(c, !isLocal), queue: { ...load, going_on } }
      if (!wantsPage(c)) return answerJson(found, { headers: { Vary: 'Accept' } })
      services.metrics.pages.inc({ page: 'stats' })
      return await answerPage(c, await statisticsPage(siteOf(services), found))
    })
    .all('/stats', methodNotAllowed('GET'))
}

/** A proxy of this machine passes on what others ask: it says so. */
function isOfThisMachine(c: Context<AppEnv>): boolean {
  const address = c.env.incoming.socket.remoteAddress ?? ''
  const isPassedOn = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded', 'Via', 'X-Real-IP']
    .some((name) => c.req.header(name) !== undefined)
  return !isPassedOn && LOOPBACK.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

/** What is not of the lists is asked for as if it were not there. */
function questionOf({ by, days, release, package: name }: Record<string, string>): Question {
  return {
    by: PERIODS.find((each) => each === by) ?? 'day',
    days: SPANS.find((each) => String(each) === days) ?? 30,
    release: release?.slice(0, MAX_NAME) || undefined,
    package: name?.slice(0, MAX_NAME) || undefined,
  }
}

const query = (name: string, schema: { type: 'string'; enum?: string[] }) => ({
  name,
  in: 'query' as const,
  required: false,
  schema,
})

const describeStats = describeRoute({
  summary: 'How tasks end, what crashes most, what the mirror lacks',
  parameters: [
    query('by', { type: 'string', enum: [...PERIODS] }),
    query('days', { type: 'string', enum: SPANS.map(String) }),
    query('release', { type: 'string' }),
    query('package', { type: 'string' }),
  ],
  responses: {
    200: {
      description: 'Counts by the hour, beyond the tasks',
      content: {
        'application/json': { schema: resolver(StatisticsAnswer) },
        'text/html': { schema: { type: 'string' } },
      },
    },
    ...refusals('not-found', 'server-full', 'database-unavailable'),
  },
})
