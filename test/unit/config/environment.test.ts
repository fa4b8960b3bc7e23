import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { environmentOf } from '../../../src/config/environment.ts'
import { PROGRAMS, type Setting, SETTINGS, settingsReadBy } from '../../../src/config/settings.ts'

const TEXTS = [
  '/a b/c=d',
  '/\u202e"\'\n',
  'yes',
  'OFF',
  'json',
  'text',
  'debug,http=warning,runner=error',
  '10.0.0.0/8, ::1',
  '::ffff:192.0.2.1',
  'localhost',
  'https://retrace.example.org/below/',
  'qt, GLib',
]

/** Any text that the setting takes. */
function textOf({ kind }: Setting): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...TEXTS), fc.nat(2000).map(String), fc.nat(100_000_000).map(String))
    .filter((text) => kind.safeParse(text).success)
}

const environments = fc.record(
  Object.fromEntries(Object.values(SETTINGS).map((setting) => [setting.name, textOf(setting)])),
  { requiredKeys: [] },
)

describe('environmentOf()', () => {
  it('environmentOf() makes the environment from which readConfig() reads the same settings, for every program', () => {
    fc.assert(fc.property(environments, fc.constantFrom(...PROGRAMS), (environment, program) => {
      const config = readConfig([program], environment)
      expect(readConfig([program], environmentOf([program], config))).toEqual(config)
    }))
  })

  it('names the settings that the program reads, each once, and none that is not set', () => {
    const config = readConfig(PROGRAMS, { RETRACE_DECOMPRESS_DEBUG: 'on', RETRACE_TRUST_PROXY: '::1, 10.0.0.1' })
    const ofWorker = environmentOf(['abrt-retrace-worker'], config)
    expect(Object.keys(ofWorker)).toEqual(settingsReadBy('abrt-retrace-worker').map(([, { name }]) => name))
    expect(ofWorker.RETRACE_DECOMPRESS_DEBUG).toBe('1')
    const ofServer = environmentOf(['abrt-retrace-server'], config)
    expect(ofServer.RETRACE_TRUST_PROXY).toBe('::1,10.0.0.1')
    expect(ofServer).not.toHaveProperty('RETRACE_TLS_CERT')
  })
})
