import { describe, expect, it } from 'vitest'
import { readConfig, unknownSettings } from '../../../src/config/config.ts'
import { PROGRAMS } from '../../../src/config/settings.ts'
import { UsageError } from '../../../src/errors/usage_error.ts'

describe('readConfig()', () => {
  it('gives the defaults of the specification when nothing is set', () => {
    expect(readConfig(PROGRAMS, {})).toMatchObject({
      host: '::',
      port: 8443,
      requireHttps: true,
      trustProxy: { parts: [] },
      maxRunningTasks: 20,
      maxQueuedTasks: 0,
      maxPackedMb: 50,
      maxUnpackedMb: 500,
      minFreeMb: 20480,
      taskTimeoutS: 600,
    })
    expect(readConfig(PROGRAMS, {}).tlsCert).toBeUndefined()
  })

  it('gives a program the settings that it reads, and looks at no others', () => {
    const config = readConfig(['abrt-retrace-clean'], { RETRACE_DELETE_AFTER_DAYS: '9', RETRACE_PORT: 'none' })
    expect(config.deleteAfterDays).toBe(9)
    expect(Object.keys(config).sort())
      .toEqual([
        'database',
        'deleteAfterDays',
        'logFormat',
        'logLevel',
        'repoDir',
        'repoQuotaMb',
        'spoolDir',
        'statisticsDays',
        'uploadLifeS',
      ])
  })

  it.each(['1', 'true', 'YES', 'on'])('reads %s as a true boolean', (word) => {
    expect(readConfig(PROGRAMS, { RETRACE_REQUIRE_HTTPS: word }).requireHttps).toBe(true)
  })

  it.each(['0', 'false', 'No', 'off'])('reads %s as a false boolean', (word) => {
    expect(readConfig(PROGRAMS, { RETRACE_REQUIRE_HTTPS: word }).requireHttps).toBe(false)
  })

  it.each([
    ['RETRACE_PORT', '65536', 'must be between 0 and 65535'],
    ['RETRACE_PORT', '0x50', 'must be a whole number'],
    ['RETRACE_PORT', '-1', 'must be a whole number'],
    ['RETRACE_MAX_PACKED_MB', '0', 'must be between 1 and 1048576'],
    ['RETRACE_MAX_PACKED_MB', '1e3', 'must be a whole number'],
    ['RETRACE_REQUIRE_HTTPS', 'maybe', 'must be one of 1, 0, true, false, yes, no, on, off'],
    ['RETRACE_SPOOL_DIR', 'spool', 'must be an absolute path'],
    ['RETRACE_TLS_CERT', 'server.crt', 'must be an absolute path'],
    ['RETRACE_LOG_FORMAT', 'xml', 'must be text or json'],
    ['RETRACE_LOG_LEVEL', 'loud', 'must be debug, info, warning or error, then perhaps ,CATEGORY=LEVEL'],
    [
      'RETRACE_TRUST_PROXY',
      '::1, proxy.example.org',
      "must hold addresses and CIDRs such as 10.0.0.0/8: 'proxy.example.org' is neither an address nor a CIDR",
    ],
  ])('refuses %s=%s with a sentence that names the setting and says why', (name, value, why) => {
    const read = () => readConfig(PROGRAMS, { [name]: value })
    expect(read).toThrow(UsageError)
    expect(read).toThrow(`${name} is "${value}", which ${why}`)
  })

  it('counts an empty value as not set', () => {
    expect(readConfig(PROGRAMS, { RETRACE_PORT: '', RETRACE_TLS_KEY: '' })).toMatchObject({ port: 8443 })
  })

  it('reads a list of proxies with spaces around its commas', () => {
    const { trustProxy } = readConfig(PROGRAMS, { RETRACE_TRUST_PROXY: '10.0.0.0/8, ::1' })
    expect(trustProxy.parts).toEqual(['10.0.0.0/8', '::1'])
    expect(trustProxy.trusts('10.1.2.3')).toBe(true)
  })
})

describe('unknownSettings()', () => {
  it('names what looks like a misspelt setting', () => {
    expect(unknownSettings({ RETRACE_PROT: '1', RETRACE_PORT: '1', HOME: '/' })).toEqual(['RETRACE_PROT'])
  })
})
