import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { certificate, judgeCertificate } from '../../../src/health/certificate.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000)

describe('judgeCertificate()', () => {
  it.each([
    ['expired yesterday', -1, 'FAIL', 'it expired on 2026-03-09'],
    ['expires within the hour', 0.01, 'warn', 'it is valid until 2026-03-10, 0 days from now'],
    ['expires in 13 days', 13.5, 'warn', 'it is valid until 2026-03-24, 13 days from now'],
    ['expires in 14 days', 14, 'ok', 'it is valid until 2026-03-24'],
  ])('judges a certificate that %s', (_, days, verdict, text) => {
    const { more, ...found } = judgeCertificate({ starts: inDays(-90), expires: inDays(days), remarks: [] }, NOW)
    expect(found).toEqual({ verdict, text })
    expect(more).toBe(verdict === 'ok' ? undefined : 'renew it, then send the server SIGHUP')
  })

  it('fails one that is not valid yet, and warns of what else is to be said', () => {
    const judge = (starts: number, remarks: string[]) =>
      judgeCertificate({ starts: inDays(starts), expires: inDays(90), remarks }, NOW)
    expect(judge(1, [])).toMatchObject({ verdict: 'FAIL', text: 'it is not valid before 2026-03-11T12:00:00Z' })
    expect(judge(-1, ['A', 'B'])).toMatchObject({ verdict: 'warn', more: 'A; B' })
    expect(judge(1, ['A'])).toMatchObject({ verdict: 'FAIL', more: 'renew it, then send the server SIGHUP; A' })
  })
})

describe('a server without a certificate', () => {
  it.each([
    ['is at fault', {}, 'FAIL'],
    ['is well behind a trusted proxy', { RETRACE_TRUST_PROXY: '127.0.0.1' }, 'ok'],
    ['is worth a look where plain HTTP is allowed', { RETRACE_REQUIRE_HTTPS: '0' }, 'warn'],
  ])('a server without a certificate %s', async (_, settings, verdict) => {
    const config = readConfig(['abrt-retrace-server', 'abrt-retrace-worker'], settings)
    const subject = { config, database: () => undefined, isRunning: false, now: NOW }
    expect(await certificate.question(subject)).toMatchObject({ verdict })
  })
})
