/** Which proxy is asked, held against curl itself: what administrators know of these variables is what curl does. */
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../../src/packages/transfer/proxy.ts'
import { type ProxyServer, startProxy } from '../../helpers/proxy_server.ts'

/** The proxy's request line as curl asks it; undefined: curl goes straight to the host. */
async function askedByCurl(
  proxy: ProxyServer,
  address: string,
  environment: Record<string, string>,
): Promise<string | undefined> {
  proxy.requests.length = 0
  // Whoever is asked straight is at a port where nobody is.
  const args = [
    '--silent',
    '--max-time',
    '10',
    '--insecure',
    '--resolve',
    '*:80:127.0.0.1',
    '--resolve',
    '*:443:127.0.0.1',
  ]
  const child = spawn('curl', [...args, '--resolve', '*:8080:127.0.0.1', address], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: 'ignore',
  })
  await new Promise((resolve) => child.on('close', resolve))
  return proxy.requests[0]
}

describe('the choice of a proxy', () => {
  it.each([
    ['http://deb.example/', { http: true, no: '' }, true],
    ['https://deb.example/', { https: true, no: '' }, true],
    ['https://deb.example/', { http: true, no: '' }, false],
    ['http://deb.example/', { https: true, no: '' }, false],
    ['http://deb.example/', { http: true, no: '*' }, false],
    ['http://deb.example/', { http: true, no: 'deb.example' }, false],
    ['http://deb.example/', { http: true, no: 'example' }, false],
    ['http://deb.example/', { http: true, no: '.example' }, false],
    ['http://deb.example/', { http: true, no: '.deb.example' }, false],
    ['http://deb.example/', { http: true, no: 'eb.example' }, true],
    ['http://deb.example/', { http: true, no: 'a.example, deb.example' }, false],
    ['http://DEB.example/', { http: true, no: 'deb.EXAMPLE' }, false],
    ['http://127.0.0.1:8080/', { http: true, no: '127.0.0.1' }, false],
    ['http://127.0.0.1:8080/', { http: true, no: '127.0.0.2' }, true],
    ['http://[::1]:8080/', { http: true, no: '::1' }, false],
  ])('chooses the proxy that curl does for %s with %j', async (address, { no, ...proxied }, isAsked) => {
    await using proxy = await startProxy({ refuses: 403 })
    const environment = {
      http: 'http' in proxied ? proxy.url : undefined,
      https: 'https' in proxied ? proxy.url : undefined,
      no: no === '' ? undefined : no,
    }
    const variables = Object.entries(environment).filter((entry) => entry[1] !== undefined)
      .map(([name, value]) => [`${name}_proxy`, value ?? ''])
    const asked = await askedByCurl(proxy, address, Object.fromEntries(variables))
    expect(asked !== undefined).toBe(isAsked)
    expect(proxyFor(new URL(address), environment)).toBe(isAsked ? proxy.url : undefined)
  })
})
