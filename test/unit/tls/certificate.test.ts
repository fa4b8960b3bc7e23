/** Pairs of certificate and key that OpenSSL takes and no client can use, and those that deserve a word. */
import { Buffer } from 'node:buffer'
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
const NAMES = ['-addext', 'subjectAltName=DNS:localhost']
let folder: Folder

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const [name, words] of Object.entries(KEYS)) {
    const files = ['-keyout', folder.file(`${name}.key`), '-out', folder.file(`${name}.crt`)]
    execFileSync('openssl', [
      'req',
      '-x509',
      ...words,
      '-nodes',
      '-days',
      '3',
      '-subj',
      `/CN=${name}`,
      ...NAMES,
      ...files,
    ], {
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
    const remarks = /^ed/.test(name) ? [expect.stringMatching(/ has a key of Ed25519: browsers refuse it$/)] : []
    expect(readCertificate(pair(`${name}.crt`, `${name}.key`))).toMatchObject({ remarks })
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

  it.each<[string, string[], RegExp]>([
    [
      'a curve that no client offers',
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1', ...NAMES],
      /is of use to no client: its key is of the curve secp256k1/,
    ],
    ['no name of a host', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], /names no host \(subjectAltName\)/],
    ['a purpose that is not a server', [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      ...NAMES,
      '-addext',
      'extendedKeyUsage=clientAuth',
    ], /is not for servers/],
    ['a short key', ['-newkey', 'rsa:1024', ...NAMES], /has a key of 1024 bits/],
  ])('tells of a certificate with %s', (_, words, said) => {
    const files = ['-keyout', folder.file('odd.key'), '-out', folder.file('odd.crt')]
    execFileSync('openssl', ['req', '-x509', ...words, '-nodes', '-days', '3', '-subj', '/CN=x', ...files], {
      stdio: 'pipe',
    })
    chmodSync(folder.file('odd.key'), 0o600)
    const why = whys('odd.crt', 'odd.key')
    expect(why === 'taken' ? readCertificate(pair('odd.crt', 'odd.key'))?.remarks : [why]).toEqual([
      expect.stringMatching(said),
    ])
  })

  it("tells of an authority's certificate in the first place", () => {
    const found = readCertificate(pair(chain('authority-first.crt', 'rsa', 'ec'), 'rsa.key'))
    expect(found?.remarks).toContainEqual(expect.stringMatching(/has an authority's certificate in the first place/))
  })

  const ec = () => readFileSync(folder.file('ec.crt'), 'utf8')
  const ecKey = () => readFileSync(folder.file('ec.key'), 'utf8')
  const write = (name: string, text: string | Uint8Array) => writeFileSync(folder.file(name), text, { mode: 0o600 })

  it.each<[string, (text: string) => string]>([
    ['ends of lines as DOS has them', (text) => text.replaceAll('\n', '\r\n')],
    ['a BOM', (text) => `\ufeff${text}`],
    ['no last line end', (text) => text.trimEnd()],
    ['spaces around its lines', (text) => text.replaceAll('\n', ' \n  ')],
    ['words around it', (text) => `Bag Attributes\n  friendlyName: é\n${text}the end`],
  ])('takes a file with %s', (_, change) => {
    write('changed.crt', change(ec()) + change(readFileSync(folder.file('ec.crt'), 'utf8')))
    write('changed.key', change(ecKey()))
    expect(whys('changed.crt', 'changed.key')).toBe('taken')
  })

  const made = (...words: string[]) => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  it.each<[RegExp, () => string | Uint8Array, 'crt' | 'key']>([
    [
      /PKCS #12: openssl pkcs12/,
      () =>
        made('pkcs12', '-export', '-in', folder.file('ec.crt'), '-inkey', folder.file('ec.key'), '-passout', 'pass:x'),
      'crt',
    ],
    [/it is DER: openssl x509/, () => made('x509', '-in', folder.file('ec.crt'), '-outform', 'DER'), 'crt'],
    [/it is DER: openssl x509/, () => made('pkey', '-in', folder.file('ec.key'), '-outform', 'DER'), 'key'],
    [/it is a public key/, () => made('pkey', '-in', folder.file('ec.key'), '-pubout'), 'key'],
    [/it is PKCS #7/, () => made('crl2pkcs7', '-nocrl', '-certfile', folder.file('ec.crt')), 'crt'],
    [/it is a request/, () => made('req', '-new', '-key', folder.file('ec.key'), '-subj', '/CN=x'), 'crt'],
    [/it is UTF-16/, () => Buffer.from(`\ufeff${ec()}`, 'utf16le'), 'crt'],
    [/it is UTF-16/, () => Buffer.from(ecKey(), 'utf16le'), 'key'],
    [/it is empty/, () => '\n', 'crt'],
    [/it is empty/, () => '', 'key'],
    [/it is damaged, cut off/, () => ec().slice(0, 200), 'crt'],
    [/it is damaged, cut off/, () => ecKey().slice(0, 100), 'key'],
    [/it has a private key: is each/, ecKey, 'crt'],
    [/it has a certificate: is each/, ec, 'key'],
    [/no line of it is -----BEGIN/, () => 'nothing', 'crt'],
    [/larger than 1024 KiB/, () => new Uint8Array(1 << 21), 'crt'],
  ])('says what a file is that has not what it should: %s', (said, content, ending) => {
    write(`other.${ending}`, content())
    expect(ending === 'crt' ? whys('other.crt', 'ec.key') : whys('ec.crt', 'other.key')).toMatch(said)
  })

  it('remarks a key that everybody can read, and a chain of which one did not sign the one before', () => {
    chmodSync(folder.file('ec2.key'), 0o644)
    const found = readCertificate(pair(chain('chain.crt', 'ec2', 'rsa'), 'ec2.key'))
    expect(found?.remarks).toEqual([
      expect.stringMatching(/^Certificate 1 of RETRACE_TLS_CERT .* is not signed by certificate 2/),
      expect.stringMatching(/^RETRACE_TLS_CERT .* has an authority's certificate in the first place/),
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
