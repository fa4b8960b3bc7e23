/** How a failure becomes an answer: the table, the two formats, and that nothing of the inside gets out. */
import { configure, reset } from '@logtape/logtape'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, RetraceError } from '../../../src/errors/errors.ts'
import { errorResponse, tellRefusals } from '../../../src/http/error_response.ts'
import { lineOf } from '../../../src/telemetry/log.ts'
import { REFUSALS } from '../../../src/http/refusals.ts'
import type { AppEnv } from '../../../src/http/services.ts'

async function answerTo(error: Error, accept?: string): Promise<Response> {
  const app = new Hono<AppEnv>().get('/', () => {
    throw error
  }).onError(errorResponse)
  return await app.request('/', accept === undefined ? {} : { headers: { Accept: accept } }, {})
}

describe('errorResponse()', () => {
  it.each(Object.entries(REFUSALS))(
    'answers %s as one sentence of text, with its length',
    async (code, { status, title }) => {
      const response = await answerTo(new RetraceError(code as ErrorCode))
      expect(response.status).toBe(status)
      expect(await response.clone().text()).toBe(`${title}\n`)
      expect(response.headers.get('Content-Length')).toBe(String(title.length + 1))
      expect(response.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
      expect(response.headers.get('Cache-Control')).toBe('no-store')
    },
  )

  it('passes headers, detail and limit on', async () => {
    const limit = { setting: 'RETRACE_MAX_FILE_KB', value: 100, unit: 'KiB' }
    const error = new RetraceError('file-too-large', { detail: 'Too large', limit, headers: { 'X-Test': '1' } })
    const response = await answerTo(error, 'application/problem+json')
    expect(response.headers.get('X-Test')).toBe('1')
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'A file of the upload is too large',
      status: 413,
      detail: 'Too large',
      code: 'file-too-large',
      limit,
    })
  })

  it('closes the connection after a 408', async () => {
    expect((await answerTo(new RetraceError('upload-timeout'))).headers.get('Connection')).toBe('close')
  })

  it.each([
    ['an unknown error', new Error('/secret/path broke at x.ts:3'), 500],
    ['a full disk', Object.assign(new Error('ENOSPC: /secret'), { code: 'ENOSPC' }), 507],
    ['a locked database', Object.assign(new Error('/secret'), { code: 'SQLITE_BUSY' }), 503],
  ])('says nothing of the inside for %s', async (_, error, status) => {
    for (const accept of [undefined, 'application/json']) {
      const response = await answerTo(error, accept)
      expect(response.status).toBe(status)
      expect(await response.text()).not.toMatch(/secret|\.ts|\n.*at /)
    }
  })

  it('logs each reason of a 5xx once a minute, whatever numbers and paths are in it', async () => {
    const lines: string[] = []
    const line = lineOf({ logFormat: 'text' })
    await configure({
      reset: true,
      sinks: { told: (record) => void lines.push(line(record).split(' | ', 1)[0] ?? '') },
      loggers: [{ category: ['retrace'], sinks: ['told'] }, { category: ['logtape', 'meta'], sinks: [] }],
    })
    try {
      tellRefusals()
      lines.length = 0
      const fail = async (setting: string, why: string) => {
        const cause = new Error(`${setting} cannot be written to (${why})`)
        cause.stack = `${cause}\n    at whereItIs (file.ts:1:2)`
        await answerTo(new RetraceError('store-unavailable', { cause }))
      }
      for (const task of [1, 2]) await fail('RETRACE_REPO_DIR', `EROFS, /store/${task}/file`)
      await fail('RETRACE_REPOS_D', 'EACCES')
      expect(lines.map((each) => /RETRACE_\S+/.exec(each)?.[0])).toEqual(['RETRACE_REPO_DIR', 'RETRACE_REPOS_D'])
      tellRefusals()
      expect(lines.slice(2)).toEqual([
        expect.stringMatching(/1 more answer 503 store-unavailable to .*RETRACE_REPO_DIR/),
      ])
      await fail('RETRACE_REPOS_D', 'EACCES')
      expect(lines).toHaveLength(4)
    } finally {
      await reset()
    }
  })
})
