import { configure, type LogRecord, reset } from '@logtape/logtape'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { lineOf, log, logLevels } from '../../../src/telemetry/log.ts'

const record = (...message: string[]): LogRecord => ({
  category: ['retrace', 'upload'],
  level: 'info',
  message,
  rawMessage: message.join(''),
  timestamp: 0,
  properties: { task: '7' },
})

describe('a line of the log', () => {
  const forged = 'file \u001b[31mred\u001b[0m\u0085\r\n2026 INF forged: no\u2028thing'

  it('writes one line of the log as text, whatever a stranger slipped in', () => {
    expect(lineOf({ logFormat: 'text' })(record(`${forged}\n`))).toBe(
      '1970-01-01T00:00:00.000Z INF retrace\u00b7upload task=7: file \\x1b[31mred\\x1b[0m\\x85\\x0d | 2026 INF forged: ' +
        'no\\u2028thing',
    )
  })

  it('writes a line of the log as JSON that shows the same in its strings', () => {
    const line = lineOf({ logFormat: 'json' })(record(forged))
    expect(line).not.toMatch(/[\p{Cc}\u2028]/u)
    expect(JSON.parse(line).message).toBe('file \\x1b[31mred\\x1b[0m\\x85\\x0d\n2026 INF forged: no\\u2028thing')
  })
})

describe('log()', () => {
  it('takes braces in a text as what they are', async () => {
    const records: LogRecord[] = []
    await configure({
      reset: true,
      sinks: { list: (each) => void records.push(each) },
      loggers: [{ category: ['retrace'], lowestLevel: 'info', sinks: ['list'] }, {
        category: ['logtape', 'meta'],
        sinks: [],
      }],
    })
    log('http').info('GET /{task}{*} {{x}} from {', { task: '7' })
    log('http').debug('too little to be heard')
    await reset()
    expect(records.map(({ message, properties }) => [message.join(''), properties])).toEqual([
      ['GET /{task}{*} {{x}} from {', { task: '7' }],
    ])
  })
})

describe('logLevels()', () => {
  it('gives a category the level that it is named with, and everything else the first', () => {
    expect(
      logLevels(readConfig(['abrt-retrace-server'], { RETRACE_LOG_LEVEL: 'info,http=warning,runner=debug' }).logLevel),
    ).toEqual([
      { category: ['retrace'], level: 'info' },
      { category: ['retrace', 'http'], level: 'warning' },
      { category: ['retrace', 'runner'], level: 'debug' },
    ])
  })

  it.each(['loud', 'info,http', 'http=debug', 'info,=debug'])('logLevels() does not take %s', (value) => {
    expect(() => readConfig(['abrt-retrace-server'], { RETRACE_LOG_LEVEL: value })).toThrow(/RETRACE_LOG_LEVEL/)
  })
})
