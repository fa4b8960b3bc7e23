import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readProxies } from '../../../src/config/proxy_environment.ts'
import { closeConnections } from '../../../src/packages/transfer/dispatchers.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { Authority, serverOptions } from '../../helpers/certificates.ts'
import { serveFolder } from '../../helpers/file_server.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startProxy } from '../../helpers/proxy_server.ts'
import { makeWorld, type World } from './world.ts'

const LIMITS = { answerMs: 1000, idleMs: 1000, minBytesPerSecond: 1, slowMs: 1000, requestMs: 10_000 }
const TOOL = { name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } }
const SECRET = 'correct-horse'
const NEEDS = basic('mirror', SECRET)

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function publish(world: World): World {
  world.repository.add(TOOL)
  world.repository.publish()
  return world
}

async function sync(world: World): Promise<[number, string | undefined]> {
  const code = await world.sync({ limits: LIMITS })
  const known = world.database.$client.prepare('SELECT name FROM package').pluck().get() as string | undefined
  return [code, known]
}

/** A world behind TLS, and the authority that its server's certificate is of. */
async function tlsWorld(options: { needs?: string; mutual?: boolean } = {}) {
  const folder = await temporaryFolder()
  const authority = new Authority(folder.path)
  const tls = serverOptions(authority.sign('server'), options.mutual ? authority : undefined)
  const needs = options.needs === undefined ? {} : { needs: options.needs }
  const world = publish(await makeWorld({ serve: { tls, ...needs } }))
  return {
    world,
    authority,
    ca: { 'X-Retrace-CA-File': authority.file },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** The text of everything that the database holds about repositories and failures. */
function remembered(world: World): string {
  const rows = ['repository', 'fetch_failure', 'package_location'].map((table) =>
    world.database.$client.prepare(`SELECT * FROM ${table}`).all()
  )
  return JSON.stringify(rows)
}

describe('a proxy', () => {
  it('asks a proxy for http by whole addresses, with its user and password', async () => {
    await using proxy = await startProxy({ needs: basic('me', 'pass word') })
    await using world = publish(await makeWorld())
    world.configure({ 'X-Retrace-Proxy': `http://me:pass%20word@${proxy.host}` })
    expect(await sync(world)).toEqual([0, 'tool'])
    expect(proxy.requests[0]).toBe(`GET ${world.server.url}dists/bookworm/InRelease [${basic('me', 'pass word')}]`)
    expect(proxy.requests).toHaveLength(world.server.requests.length)
  })

  it('asks a proxy for https for a tunnel, which it cannot look into', async () => {
    await using proxy = await startProxy()
    await using tls = await tlsWorld()
    tls.world.configure({ ...tls.ca, 'X-Retrace-Proxy': proxy.url })
    expect(await sync(tls.world)).toEqual([0, 'tool'])
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${new URL(tls.world.server.url).host}`]))
  })

  it('takes the proxy from the environment, unless no_proxy or the stanza says direct', async () => {
    await using proxy = await startProxy()
    await using world = publish(await makeWorld({ environment: { http_proxy: proxy.url } }))
    expect(await sync(world)).toEqual([0, 'tool'])
    const asked = proxy.requests.length
    expect(asked).toBeGreaterThan(0)
    world.configure({ 'X-Retrace-Proxy': 'direct' })
    await sync(world)
    expect(proxy.requests).toHaveLength(asked)
    await using other = publish(await makeWorld({ environment: { http_proxy: proxy.url, no_proxy: '127.0.0.1' } }))
    expect(await sync(other)).toEqual([0, 'tool'])
    expect(proxy.requests).toHaveLength(asked)
  })

  it.each(['http', 'https'])('names a proxy that wants a password as the reason, for %s', async (scheme) => {
    await using proxy = await startProxy({ needs: basic('me', 'secret') })
    await using tls = await tlsWorld()
    await using plain = publish(await makeWorld())
    const world = scheme === 'https' ? tls.world : plain
    world.configure({ ...(scheme === 'https' ? tls.ca : {}), 'X-Retrace-Proxy': `http://me:wrong@${proxy.host}` })
    const lines = await failing(world)
    expect(lines).toContain('407')
    expect(lines).toContain('needs a user and a password')
    expect(lines).not.toContain('wrong@')
  })

  it.each(['http', 'https'])('names a proxy that refuses with the status that it answers, for %s', async (scheme) => {
    await using proxy = await startProxy({ refuses: 403 })
    await using tls = await tlsWorld()
    await using plain = publish(await makeWorld())
    const world = scheme === 'https' ? tls.world : plain
    world.configure({ ...(scheme === 'https' ? tls.ca : {}), 'X-Retrace-Proxy': proxy.url })
    expect(await failing(world)).toMatch(
      scheme === 'https' ? /The proxy for https:.* answered 403/ : /http:.* answered 403/,
    )
    expect(world.server.requests).toEqual([])
  })

  it('speaks to a proxy over TLS where its address says so, and asks it by whole addresses for http then, too', async () => {
    await using folder = await temporaryFolder()
    const authority = new Authority(folder.path)
    await using proxy = await startProxy({ tls: serverOptions(authority.sign('proxy')) })
    await using world = publish(await makeWorld())
    world.configure({ 'X-Retrace-CA-File': authority.file, 'X-Retrace-Proxy': proxy.url })
    expect(await sync(world)).toEqual([0, 'tool'])
    expect(proxy.requests[0]).toBe(`GET ${world.server.url}dists/bookworm/InRelease`)
    await closeConnections()
    expect(await sync(world)).toEqual([0, 'tool'])
  })

  it.each(['http', 'https'])(
    'asks a proxy that accepts and never answers once, for %s',
    async (scheme) => {
      await using proxy = await startProxy({ silent: true })
      await using tls = await tlsWorld()
      await using plain = publish(await makeWorld())
      const world = scheme === 'https' ? tls.world : plain
      world.configure({ ...(scheme === 'https' ? tls.ca : {}), 'X-Retrace-Proxy': proxy.url })
      expect(await failing(world)).toContain('did not answer within 1 s')
      // Each of its two syncs asks once.
      expect(proxy.requests).toHaveLength(2)
    },
  )
})

/** Fails to sync; what the log and the database would say. */
async function failing(world: World): Promise<string> {
  // The row that takes the reason.
  const [code] = await sync(world)
  expect(code).toBe(1)
  return await reason(world)
}

/** Why a suite fails, as its error says: before the first success there is no row that could remember it. */
async function reason(world: World): Promise<string> {
  const { readConfiguration } = await import('../../../src/packages/configuration.ts')
  const { readNetwork } = await import('../../../src/packages/transfer/transport.ts')
  const { syncContext } = await import('../../../src/packages/transfer/sync_context.ts')
  const { deb } = await import('../../../src/packages/deb/format.ts')
  const [repository] = readConfiguration(world.config.reposD).repositories
  if (repository === undefined) throw new Error('Expected a repository')
  const context = syncContext(repository, {
    network: readNetwork(world.config),
    transfer: { limits: LIMITS },
    repoDir: world.config.repoDir,
    folder: world.folder.path,
    signal: AbortSignal.timeout(20_000),
    mirrorsMs: 60_000,
    isDryRun: true,
    warn: () => undefined,
  })
  return await deb.suite(repository, context).then(() => 'nothing failed', (error: Error) => String(error.stack))
}

describe('TLS', () => {
  it('trusts the authorities of X-Retrace-CA-File, and no others', async () => {
    await using tls = await tlsWorld()
    tls.world.configure(tls.ca)
    expect(await sync(tls.world)).toEqual([0, 'tool'])
    tls.world.configure()
    expect(await reason(tls.world)).toMatch(/cannot be trusted.*(CERT|SIGNATURE)/)
    const other = new Authority(tls.world.folder.path, 'other')
    tls.world.configure({ 'X-Retrace-CA-File': other.file })
    expect(await reason(tls.world)).toMatch(/cannot be trusted/)
    tls.world.configure({ 'X-Retrace-CA-File': '/nonexistent.pem' })
    expect(await reason(tls.world)).toContain('/nonexistent.pem cannot be read (ENOENT)')
  })

  it('shows the certificate of X-Retrace-Client-Cert to a server that asks for one', async () => {
    await using tls = await tlsWorld({ mutual: true })
    const client = tls.authority.sign('client')
    tls.world.configure(tls.ca)
    expect((await sync(tls.world))[0]).toBe(1)
    tls.world.configure({
      ...tls.ca,
      'X-Retrace-Client-Cert': client.cert,
      'X-Retrace-Client-Key': client.key,
    })
    expect(await sync(tls.world)).toEqual([0, 'tool'])
  })
})

describe('a user and a password', () => {
  it('sends the user and password of an https address, and keeps them out of every row', async () => {
    await using tls = await tlsWorld({ needs: NEEDS })
    const { world } = tls
    world.configure({ ...tls.ca, URIs: world.server.url.replace('//', `//mirror:${SECRET}@`) })
    expect(await sync(world)).toEqual([0, 'tool'])
    await fetchPackage(world.row('tool'), {
      config: world.config,
      database: world.database,
      signal: AbortSignal.timeout(20_000),
      say: (line) => expect(line).not.toContain(SECRET),
      limits: LIMITS,
    })
    expect(world.row('tool').folder).not.toBeNull()
    expect(new Set(world.server.authorizations)).toEqual(new Set([NEEDS]))
    expect(remembered(world)).not.toContain(SECRET)
    world.configure({ ...tls.ca, URIs: world.server.url.replace('//', '//mirror:wrong-one@') })
    const why = await reason(world)
    expect(why).toContain('401')
    expect(why).not.toContain('wrong-one')
  })

  it.each([
    ['machine 127.0.0.1', [1, undefined]],
    ['machine http://127.0.0.1', [0, 'tool']],
    ['machine http://127.0.0.1/dist', [1, undefined]],
    ['machine http://127.0.0.1/dists/', [0, 'tool']],
    ['machine http://127.0.0.2', [1, undefined]],
  ])('sends the password of auth.conf over plain http only where it says so: %s', async (machine, outcome) => {
    await using world = publish(await makeWorld({ serve: { needs: NEEDS } }))
    writeFileSync(world.folder.file('repos.d/auth.conf'), `# ours\n${machine} login mirror password ${SECRET}\n`)
    expect(await sync(world)).toEqual(outcome)
    if (outcome[0] === 1) expect(new Set(world.server.authorizations)).toEqual(new Set([undefined]))
  })

  it('sends no password to another host that a redirect names', async () => {
    await using tls = await tlsWorld({ needs: NEEDS })
    const { world } = tls
    await using other = await serveFolder(world.repository.root, { tls: serverOptions(tls.authority.sign('other')) })
    world.configure({ ...tls.ca, URIs: world.server.url.replace('//', `//mirror:${SECRET}@`) })
    world.server.fault('InRelease', { redirectsTo: other.url })
    expect(await sync(world)).toEqual([0, 'tool'])
    expect(other.requests).toEqual(['/dists/bookworm/InRelease'])
    expect(other.authorizations).toEqual([undefined])
  })
})

it('refuses a redirect from https to http', async () => {
  await using tls = await tlsWorld()
  await using plain = await serveFolder(tls.world.repository.root)
  tls.world.configure(tls.ca)
  tls.world.server.fault('InRelease', { redirectsTo: plain.url })
  expect(await reason(tls.world)).toContain('redirects to http://, which is less safe')
  expect(plain.requests).toEqual([])
})

it('reads the proxies of the environment, and no HTTP_PROXY in capitals', () => {
  expect(readProxies({ HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://b', no_proxy: 'c' })).toEqual({
    http: undefined,
    https: 'http://b',
    no: 'c',
  })
})
