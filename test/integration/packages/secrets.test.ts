/** Whatever form the source of packages has: the password in it reaches no log, no message, no status, no row. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { stdout } from 'node:process'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../../src/packages/configuration.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { TRANSFER_LIMITS } from '../../../src/packages/transfer/limits.ts'
import { printStatus } from '../../../workers/reposync/status.ts'
import { serveFolder } from '../../helpers/file_server.ts'
import { makePackageStore, type PackageStore } from '../../helpers/package_store.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeRpmWorld } from '../rpm/world.ts'

const SECRET = 'hunter2'
const LIMITS = { ...TRANSFER_LIMITS, answerMs: 1_000 }
const LOGIN = `me:${SECRET}@`

/** Everything that a run says and leaves, but for the administrator's own files. */
async function traces({ config, database, sync }: PackageStore): Promise<string> {
  const said = await saidBy(async () => {
    await sync({ limits: LIMITS }).catch((error: Error) => void stdout.write(`${error.stack}\n`))
    printStatus(database, { releases: [], reposD: config.reposD })
  })
  return said + rows(database)
}

function rows({ $client: database }: PackageStore['database']): string {
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
  return JSON.stringify(tables.map((name) => database.prepare(`SELECT * FROM "${name}"`).all()))
}

const stanza = (uri: string, more = '') => `Types: deb\nURIs: ${uri}\nSuites: bookworm\nComponents: main\n${more}`
const section = (key: string, value: string, more = '') => {
  const lines = key === 'baseurl' ? '' : 'baseurl=https://HOST/\n'
  return `[one]\nretrace_release=fedora-40\ngpgcheck=0\n${lines}${key}=${value}\n${more}`
}

/** HOST stands for a server that has nothing. */
const FORMS: [file: string, text: string][] = [
  ['a.list', `deb https://${LOGIN}HOST/debian bookworm main\n`],
  ['a.list', `deb [arch=amd64 signed-by=/x.gpg] https://${LOGIN}HOST/debian bookworm main\n`],
  ['a.list', `  deb-src\tmirror+https://${LOGIN}HOST/list bookworm main # comment\n`],
  ['a.list', `deb https:${LOGIN}HOST/debian bookworm main\n`],
  ['a.sources', `deb https://${LOGIN}HOST/debian bookworm main\n`],
  ['a.sources', stanza(`https://${LOGIN}HOST/debian/`)],
  ['a.sources', stanza(`http://${LOGIN}HOST/debian/`)],
  ['a.sources', stanza(`https:${LOGIN}HOST/debian/`)],
  ['a.sources', stanza(`http:////${LOGIN}HOST/debian/`)],
  ['a.sources', stanza(`ftp://${LOGIN}HOST/debian/`)],
  ['a.sources', stanza(`https://me:${SECRET}`)],
  ['a.sources', stanza(`https://me:1/${SECRET}#@HOST/`)],
  ['a.sources', stanza(`https://me:%zz${SECRET}@HOST/`)],
  ['a.sources', stanza(`https://me:x@${SECRET}@HOST/`)],
  ['a.sources', stanza(`mirror+https://${LOGIN}HOST/list`)],
  ['a.sources', stanza(`mirror+http://${LOGIN}HOST/list`)],
  ['a.sources', stanza(`mirror://${LOGIN}HOST/list`)],
  ['a.sources', stanza('http://HOST/', `X-Retrace-Proxy: http://${LOGIN}HOST/\n`)],
  ['a.sources', stanza('http://HOST/', `X-Retrace-Proxy: socks5://${LOGIN}HOST/\n`)],
  ['a.sources', stanza('https://HOST/', `X-Retrace-Source-URL: https://${LOGIN}HOST/{file}\n`)],
  ['a.sources', stanza('https://HOST/', `Signed-By: https://${LOGIN}HOST/key.asc\n`)],
  ['a.sources', stanza('https://HOST/', `Architectures: https://${LOGIN}HOST/\n`)],
  ['a.sources', stanza('https://HOST/', `https://${LOGIN}HOST/: x\n`)],
  ['a.sources', `Types: deb\nURIs: https://HOST/\nSuites: https://${LOGIN}HOST/\n`],
  ['a.sources', `Types: https://${LOGIN}HOST/\nURIs: https://HOST/\nSuites: ./\n`],
  ['a.sources', `Types: deb\nURIs: https://HOST/\nSuites: sid\nComponents: https://${LOGIN}HOST/\n`],
  ...['baseurl', 'mirrorlist', 'metalink', 'gpgkey', 'proxy', 'retrace_source_url', 'retrace_architectures', 'enabled']
    .flatMap((key): [string, string][] => [
      ['a.repo', section(key, `https://${LOGIN}HOST/{file}`)],
      ['a.repo', section(key, `http:${LOGIN}HOST/{file}`)],
      ['a.repo', section(key, `ftp://${LOGIN}HOST/{file}`)],
      ['a.repo', section(key, `https://me:${SECRET}`)],
      ['a.repo', section(key, `https://\${none:-${LOGIN}}HOST/`)],
    ]),
  ['a.repo', section('username', 'me', `password=${SECRET}\n`)],
  ['a.repo', section('baseurl', 'http://HOST/', `username=me\npassword=${SECRET}\n`)],
  ['a.repo', section('password', SECRET)],
  ['a.repo', section('proxy', 'http://HOST', `proxy_username=me\nproxy_password=${SECRET}\n`)],
  ['a.repo', section('baseurl', `\n https://${LOGIN}HOST/`)],
  ['a.repo', `https://${LOGIN}HOST/?a=b\n[one]\n`],
  ['a.repo', section('cost', '1', `https://${LOGIN}HOST/?a=b\n`)],
  ['a.repo', section('cost', '1', `https://${LOGIN}HOST/\n`)],
  ['a.repo', section('cost', '1', `[https://${LOGIN}HOST/]\n`)],
  ['auth.conf', `machine ${LOGIN}HOST login me password ${SECRET}\n`],
]

describe('a password in the source of packages', () => {
  it.each(FORMS)('is said by nobody: %s, %s', async (file, text) => {
    await using store = await makePackageStore()
    await using server = await serveFolder(store.folder.path)
    const written = text.replaceAll('HOST', new URL(server.url).host)
    writeFileSync(store.folder.file(`repos.d/${file}`), written)
    const found = await traces(store)
    expect(found).not.toContain(SECRET)
    expect(found.length).toBeGreaterThan(20)
    expect(JSON.stringify(readConfiguration(store.config.reposD).faults)).not.toContain(SECRET)
  })

  it.each(['http_proxy', 'https_proxy'])('is said by nobody: %s', async (name) => {
    await using server = await serveFolder('/')
    const proxy = server.url.replace('//', `//${LOGIN}`)
    await using store = await makePackageStore({ environment: { [name]: proxy } })
    const scheme = name.slice(0, name.indexOf('_'))
    writeFileSync(store.folder.file('repos.d/a.sources'), stanza(`${scheme}://retrace.invalid/`))
    expect(await traces(store)).not.toContain(SECRET)
  })

  it.each(['mirrorlist', 'metalink'])('is said by nobody, and sent to nobody: in a line of a %s', async (kind) => {
    await using world = await makeRpmWorld()
    world.repository.add({ name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish()
    const url = world.url().replace('//', `//${LOGIN}`)
    const other = url.replace('fedora/', 'other/')
    const list = (urls: string[]) => kind === 'mirrorlist' ? urls.join('\n') : world.repository.metalink(urls)
    mkdirSync(world.folder.file('other/repodata'), { recursive: true })
    writeFileSync(world.folder.file('other/repodata/repomd.xml'), '<repomd/>\n')
    writeFileSync(world.folder.file('list'), list([other, url]))
    world.configure({ baseurl: '', [kind]: `${world.server.url}list` })
    const found = await traces(world)
    expect(found).toContain('1 package')
    world.server.fault('.rpm', 'missing')
    const { config, database } = world
    const signal = AbortSignal.timeout(20_000)
    const why = await fetchPackage(world.row('tool'), { config, database, signal, say: () => undefined })
      .catch((error: unknown) => error)
    expect(why).toBeInstanceOf(FetchError)
    writeFileSync(world.folder.file('list'), list([other]))
    const none = await traces(world)
    expect(none).toMatch(/is left as it was: .*repomd.xml/)
    expect(found + none + String(why) + rows(database)).not.toContain(SECRET)
    expect(new Set(world.server.authorizations)).toEqual(new Set([undefined]))
  })
})
