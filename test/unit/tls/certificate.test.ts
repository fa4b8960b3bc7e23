/** Pairs of certificate and key that OpenSSL takes and no client can use, and those that deserve a word. */
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lapseOf, readCertificate } from '../../../src/tls/certificate.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

const KEYS = {
  rsa: ['-newkey', 'rsa:2048'],
  rsa2: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ec2: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed: ['-newkey', 'ed25519'],
}
let folder: Folder

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [name, words] of Object.entries(KEYS)) {
    const files = ['-keyout', folder.file(`${name}.key`), '-out', folder.file(`${name}.crt`)]
    execFileSync('openssl', ['req', '-x509', ...words, '-nodes', '-days', '3', '-subj', `/CN=${name}`, ...files], {
      stdio: 'pipe',
    })
    chmodSync(folder.file(`${name}.key`), 0o600)
  }
})
afterAll(async () => await folder[Symbol.asyncDispose]())

const pair = (cert: string, key: string) => ({ tlsCert: folder.file(cert), tlsKey: folder.file(key) })
function chain(name: string, ...parts: string[]): string {
  writeFileSync(folder.file(name), parts.map((part) => readFileSync(folder.file(`${part}.crt`), 'utf8')).join(''))
  return name
}
const whys = (cert: string, key: string) => {
  try {
    readCertificate(pair(cert, key))
    return 'taken'
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.replaceAll(folder.path, '')}` : String(error)
  }
}

describe('readCertificate()', () => {
  it.each(Object.keys(KEYS))('takes a pair of kind %s', (name) => {
    expect(readCertificate(pair(`${name}.crt`, `${name}.key`))).toMatchObject({ remarks: [] })
  })

  const others = Object.keys(KEYS).flatMap((one) => Object.keys(KEYS).map((two) => [one, two] as const))
    .filter(([one, two]) => one !== two)
  it.each(others)('refuses a certificate of kind %s with the key of %s', (cert, key) => {
    expect(whys(`${cert}.crt`, `${key}.key`)).toMatch(
      /^UsageError: RETRACE_TLS_KEY .* does not fit RETRACE_TLS_CERT .*: the key is that of another certificate$/,
    )
  })

  it('says which certificate of the file should be the first', () => {
    expect(whys(chain('wrong-order.crt', 'rsa', 'ec'), 'ec.key')).toMatch(
      /the key is that of certificate 2 of the file: put this one first/,
    )
  })

  it('says of a key with a passphrase how it is taken away, in both ways to write one', () => {
    for (const [name, words] of Object.entries({ pkcs8: ['pkey'], traditional: ['rsa', '-traditional'] })) {
      const [command = '', ...more] = words
      const files = ['-in', folder.file('rsa.key'), '-out', folder.file(`${name}.key`)]
      execFileSync('openssl', [command, ...more, '-aes128', '-passout', 'pass:secret', ...files], { stdio: 'pipe' })
      expect(whys('rsa.crt', `${name}.key`)).toMatch(/^UsageError: RETRACE_TLS_KEY .* is protected by a passphrase/)
    }
  })

  it('says which of the two files is none', () => {
    expect(whys('rsa.key', 'rsa.crt')).toMatch(/^UsageError: RETRACE_TLS_CERT .* has no PEM certificate/)
    expect(whys('rsa.crt', 'rsa.crt')).toMatch(/^UsageError: RETRACE_TLS_KEY .* has no PEM private key/)
    expect(whys('gone.crt', 'rsa.key')).toMatch(/^UsageError: RETRACE_TLS_CERT .* cannot be read: ENOENT$/)
  })

  it('remarks a key that everybody can read, and a chain of which one did not sign the one before', () => {
    chmodSync(folder.file('ec2.key'), 0o644)
    const found = readCertificate(pair(chain('chain.crt', 'ec2', 'rsa'), 'ec2.key'))
    expect(found?.remarks).toEqual([
      expect.stringMatching(/^Certificate 1 of RETRACE_TLS_CERT .* is not signed by certificate 2/),
      expect.stringMatching(/^Everybody on this machine can read RETRACE_TLS_KEY .*mode 0644/),
    ])
    chmodSync(folder.file('ec2.key'), 0o640)
    expect(readCertificate(pair('ec2.crt', 'ec2.key'))?.remarks).toEqual([])
  })
})

describe('lapseOf()', () => {
  const between = { starts: new Date('2026-03-01T00:00:00Z'), expires: new Date('2026-04-01T00:00:00Z') }

  it.each([
    ['before', '2026-02-28T00:00:00Z', 'it is not valid before 2026-03-01T00:00:00Z'],
    ['within', '2026-03-02T00:00:00Z', undefined],
    ['after', '2026-04-02T00:00:00Z', 'it expired on 2026-04-01'],
  ])('%s its time', (_, now, said) => expect(lapseOf(between, new Date(now))).toBe(said))
})
