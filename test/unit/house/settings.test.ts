import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig, SETTINGS, settingsHelp, unknownSettings } from '../../../src/config/config.ts'
import { UsageError } from '../../../src/errors/usage_error.ts'
import { installationRoot } from '../../../src/program/program.ts'

const rows = Object.entries(SETTINGS) as [string, { default: string | undefined }][]

describe('the settings', () => {
  it('are all in the sample file, with their defaults', () => {
    const sample = readFileSync(join(installationRoot(), 'ops/abrt-retrace.env'), 'utf8')
    const shown = Object.fromEntries(
      [...sample.matchAll(/^#?(RETRACE_\w+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
    )
    expect(Object.keys(shown).sort()).toEqual(rows.map(([name]) => name).sort())
    for (const [name, row] of rows) {
      if (row.default !== undefined) expect(`${name}=${shown[name]}`).toBe(`${name}=${row.default}`)
    }
  })

  it('are all in the README, with their defaults', () => {
    const readme = readFileSync(join(installationRoot(), 'README.md'), 'utf8')
    for (const [name, row] of rows) {
      expect(readme).toMatch(new RegExp(`\\| \`${name}\` \\| \`?${row.default ?? '-'}\`? \\|`))
    }
  })

  it('are all in --help', () => {
    for (const [name] of rows) expect(settingsHelp()).toContain(name)
  })

  it('have the defaults of the specification when nothing is set', () => {
    expect(readConfig({})).toMatchObject({
      host: '::',
      port: 8443,
      tlsCert: undefined,
      requireHttps: true,
      trustProxy: [],
      maxRunningTasks: 20,
      maxQueuedTasks: 0,
      maxPackedMb: 50,
      maxUnpackedMb: 500,
      minFreeMb: 20480,
      taskTimeoutS: 600,
    })
  })

  it.each(['1', 'true', 'YES', 'on'])('read %s as a true boolean', (word) => {
    expect(readConfig({ RETRACE_REQUIRE_HTTPS: word }).requireHttps).toBe(true)
  })

  it.each(['0', 'false', 'No', 'off'])('read %s as a false boolean', (word) => {
    expect(readConfig({ RETRACE_REQUIRE_HTTPS: word }).requireHttps).toBe(false)
  })

  it.each([
    ['RETRACE_PORT', '65536'],
    ['RETRACE_PORT', '0x50'],
    ['RETRACE_PORT', '-1'],
    ['RETRACE_MAX_PACKED_MB', '0'],
    ['RETRACE_MAX_PACKED_MB', '1e3'],
    ['RETRACE_REQUIRE_HTTPS', 'maybe'],
    ['RETRACE_SPOOL_DIR', 'spool'],
    ['RETRACE_LOG_LEVEL', 'loud'],
  ])('refuse %s=%s with a sentence that names the setting', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(UsageError)
    expect(() => readConfig({ [name]: value })).toThrow(name)
  })

  it('names what looks like a misspelt setting', () => {
    expect(unknownSettings({ RETRACE_PROT: '1', RETRACE_PORT: '1', HOME: '/' })).toEqual(['RETRACE_PROT'])
  })

  it('count an empty value as not set', () => {
    expect(readConfig({ RETRACE_PORT: '' }).port).toBe(8443)
  })

  it('read a list of proxies with spaces around its commas', () => {
    expect(readConfig({ RETRACE_TRUST_PROXY: '10.0.0.0/8, ::1' }).trustProxy).toEqual(['10.0.0.0/8', '::1'])
  })
})
