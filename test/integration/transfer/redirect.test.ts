/** A mirror that points at addresses of this machine's own network, or out of its folder. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { expect, it } from 'vitest'
import { USUAL_CONNECTION } from '../../../src/packages/format/connection.ts'
import { TRANSFER_LIMITS } from '../../../src/packages/transfer/limits.ts'
import { openAddress } from '../../../src/packages/transfer/request.ts'
import { Transport } from '../../../src/packages/transfer/transport.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** Of a network for examples (RFC 5737): it is this machine's in the test's own network namespace alone. */
const OUTER = '203.0.113.5'

it('asks nobody in this machine or its network whom a stranger names, whatever he is called, and those who name each other', async () => {
  await using folder = await temporaryFolder()
  const hosts = folder.file('hosts')
  writeFileSync(hosts, '')
  const program = join(installationRoot(), 'dist', 'test', 'helpers', 'redirecting.js')
  const script = `ip link set lo up && ip addr add ${OUTER}/32 dev lo && mount --bind "$2" /etc/hosts &&
    exec "$0" "$1" ${OUTER} "$2"`
  const said = execFileSync('unshare', ['-rnm', 'sh', '-c', script, execPath, program, hosts], { encoding: 'utf8' })
  expect(JSON.parse(said)).toEqual({
    answers: {
      '127.0.0.1': 'refused',
      'localhost': 'refused',
      '[::1]': 'refused',
      '[::ffff:127.0.0.1]': 'refused',
      '0.0.0.0': 'refused',
      '2130706433': 'refused',
      'inner.test': 'refused',
      [OUTER]: '200',
      'mirror.test': '200',
    },
    before: 2,
    own: '200',
    listed: { '127.0.0.1': 'refused', 'inner.test': 'refused', 'mirror.test': '200' },
    named: '200',
    within: '200',
    moved: ['200', 'refused'],
    turned: ['200', 'refused'],
  })
})

it('reads nothing outside of a file:// repository, wherever links in it lead', async () => {
  await using folder = await temporaryFolder()
  const real = folder.file('real')
  mkdirSync(join(real, 'pool'), { recursive: true })
  writeFileSync(folder.file('secret'), 'secret')
  writeFileSync(join(real, 'pool', 'package'), 'bytes')
  symlinkSync(folder.file('secret'), join(real, 'link'))
  symlinkSync(folder.path, join(real, 'up'))
  symlinkSync('pool', join(real, 'here'))
  symlinkSync(real, folder.file('repository'))
  const uri = `file://${folder.file('repository')}/`
  const network = { environment: { http: undefined, https: undefined, no: undefined }, auth: [] }
  const transport = new Transport(uri, USUAL_CONNECTION, network)
  const { signal } = new AbortController()
  const ask = async (path: string) => {
    try {
      const { body, length } = await openAddress(path.startsWith('file:') ? path : `${uri}${path}`, {
        ...{ signal, transport },
        limits: TRANSFER_LIMITS,
      })
      body.destroy()
      return length
    } catch (error) {
      return error instanceof Error && 'kind' in error ? error.kind : error
    }
  }
  expect([await ask('pool/package'), await ask('here/package')]).toEqual([5, 5])
  for (const path of ['link', 'up/secret', '../secret', '%2e%2e/secret', `file://${folder.file('secret')}`]) {
    expect([path, await ask(path)]).toEqual([path, 'refused'])
  }
})
