import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { nextCommands } from '../../../src/init/next.ts'
import { hostsOf, names } from '../../../src/init/own_certificate.ts'

function third(settings: Record<string, string>, cert?: string): string | undefined {
  const config = readConfig(['abrt-retrace-server'], settings)
  return nextCommands({ ...config, file: '/etc/x.env', cert, isSupervised: true }).split('\n').at(-1)?.trim()
}

describe('the third command of --init', () => {
  it.each<[string, Record<string, string>, string | undefined, string]>([
    ['asks by the certificate that was made', {}, '/etc/s.crt', 'curl --cacert /etc/s.crt https://localhost:8443/'],
    [
      'quotes what a shell would take apart',
      {},
      '/etc/a b.crt',
      "curl --cacert '/etc/a b.crt' https://localhost:8443/",
    ],
    [
      'asks where it listens',
      { RETRACE_HOST: '2001:db8::1', RETRACE_PORT: '1' },
      '/c',
      'curl --cacert /c https://[2001:db8::1]:1/',
    ],
    [
      'asks without TLS where that is allowed',
      { RETRACE_REQUIRE_HTTPS: '0' },
      undefined,
      'curl http://localhost:8443/',
    ],
    [
      'asks as the proxy does',
      { RETRACE_TRUST_PROXY: '127.0.0.1', RETRACE_HOST: '127.0.0.1', RETRACE_PORT: '8080' },
      undefined,
      "curl -H 'X-Forwarded-Proto: https' http://127.0.0.1:8080/",
    ],
    [
      'asks the proxy, where its address is known',
      { RETRACE_TRUST_PROXY: '192.0.2.1', RETRACE_PUBLIC_URL: 'https://retrace.example.org/' },
      undefined,
      'curl https://retrace.example.org',
    ],
    [
      'asks systemd where nobody can be asked',
      { RETRACE_TRUST_PROXY: '192.0.2.1' },
      undefined,
      'systemctl status abrt-retrace-server.service',
    ],
  ])('%s', (_, settings, cert, expected) => expect(third(settings, cert)).toMatch(expected))
})

describe('the names of a certificate of our own', () => {
  it('are those by which the settings let clients reach it, too', () => {
    const config = readConfig(['abrt-retrace-server'], {
      RETRACE_HOST: '192.0.2.7',
      RETRACE_PUBLIC_URL: 'https://retrace.example.org/x',
    })
    expect(names('host', hostsOf(config))).toBe(
      'DNS:host,DNS:retrace.example.org,IP:192.0.2.7,DNS:localhost,IP:127.0.0.1,IP:::1',
    )
    expect(names('host', hostsOf(readConfig(['abrt-retrace-server'], {})))).toBe(
      'DNS:host,DNS:localhost,IP:127.0.0.1,IP:::1',
    )
  })
})
