import { describe, expect, it } from 'vitest'
import { kindOfFailure, watchHandshakes } from '../../../src/server/handshakes.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'

describe('kindOfFailure()', () => {
  it.each([
    [undefined, 'gone'],
    ['ECONNRESET', 'gone'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'protocol'],
    ['ERR_SSL_VERSION_TOO_LOW', 'protocol'],
    ['ERR_SSL_NO_SHARED_CIPHER', 'cipher'],
    ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'cipher'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'refused-by-client'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'refused-by-client'],
    ['ERR_SSL_BAD_EXTENSION', 'other'],
  ])('%s is %s', (code, kind) => expect(kindOfFailure(code)).toBe(kind))
})

it('counts every handshake that fails', async () => {
  const metrics = createMetrics()
  const watch = watchHandshakes(metrics, () => 0)
  for (let at = 0; at < 5; at++) watch(Object.assign(new Error('x'), { code: 'ERR_SSL_NO_SHARED_CIPHER' }))
  expect(await metrics.registry.getSingleMetricAsString('retrace_tls_handshake_failures_total')).toMatch(
    /retrace_tls_handshake_failures_total\{kind="cipher"\} 5$/,
  )
})
