import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { logLevels, oneLine } from '../../../src/telemetry/log.ts'

describe('oneLine()', () => {
  it('keeps a record on its line, whatever a stranger slipped in', () => {
    const forged = oneLine('2026 INF upload: file \u001b[31mred\u001b[0m\r\n2026 INF forged: no\u2028thing\n')
    expect(forged).toBe('2026 INF upload: file \\x1b[31mred\\x1b[0m\\x0d | 2026 INF forged: no\\u2028thing')
  })
})

describe('logLevels()', () => {
  it('gives a category the level that it is named with, and everything else the first', () => {
    expect(logLevels(readConfig({ RETRACE_LOG_LEVEL: 'info,http=warning,runner=debug' }).logLevel)).toEqual([
      { category: ['retrace'], level: 'info' },
      { category: ['retrace', 'http'], level: 'warning' },
      { category: ['retrace', 'runner'], level: 'debug' },
    ])
  })

  it.each(['loud', 'info,http', 'http=debug', 'info,=debug'])('does not take %s', (value) => {
    expect(() => readConfig({ RETRACE_LOG_LEVEL: value })).toThrow(/RETRACE_LOG_LEVEL/)
  })
})
