/** Rows on who has signed repomd.xml, over what, and on the keys that a section names. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RpmWorld } from '../../rpm/world.ts'
import { published, type RpmPeculiarity, served } from './world.ts'

interface OwnKey {
  home: string
  file: string
}

/** When the expired key was made; it counted for 30 days. */
const CLOCK = ['--faked-system-time', '20200101T000000!']

function gpg({ home }: { home: string }, args: string[]): void {
  const all = ['--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', ...args]
  execFileSync('gpg', all, { env: { PATH: '/usr/bin:/bin', GNUPGHOME: home, LC_ALL: 'C' }, stdio: 'pipe' })
}

function ownKey(world: RpmWorld, name: string, { expired = false } = {}): OwnKey {
  const key = { home: world.folder.file(name), file: world.folder.file(`${name}.asc`) }
  mkdirSync(key.home, { mode: 0o700 })
  const user = `${name} <${name}@example.org>`
  gpg(key, [...(expired ? CLOCK : []), '--quick-gen-key', user, 'rsa2048', 'sign', expired ? '30d' : 'never'])
  gpg(key, ['--armor', '--export', '--output', key.file])
  return key
}

const repomd = (world: RpmWorld) => world.repository.path('repodata/repomd.xml')

/** A row whose repomd.xml.asc is made in a way of its own. */
function signed(
  name: string,
  sign: (world: RpmWorld) => void,
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      rmSync(`${repomd(world)}.asc`)
      sign(world)
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** Signed by keys of its own, all of which the section names beside the one of the packages. */
function signedBy(
  name: string,
  { keys, args = [] }: { keys: ('good' | 'expired' | 'unknown')[]; args?: string[] },
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return signed(name, (world) => {
    const own = keys.map((kind) => ({ kind, ...ownKey(world, kind, { expired: kind === 'expired' }) }))
    const parts = own.map(({ kind, home }) => {
      const out = `${repomd(world)}.${kind}`
      const clock = kind === 'expired' ? CLOCK : []
      gpg({ home }, [...clock, ...args, '--detach-sign', '--output', out, repomd(world)])
      return readFileSync(out)
    })
    writeFileSync(`${repomd(world)}.asc`, armoured(Buffer.concat(parts)))
    const named = own.filter(({ kind }) => kind !== 'unknown').map(({ file }) => `file://${file}`)
    world.configure({ gpgkey: [`file://${world.repository.key.file}`, ...named].join(' ') })
  }, more)
}

/** RFC 9580, chapter 6; without the checksum, which nobody needs. */
function armoured(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PGP SIGNATURE-----', '', ...lines, '-----END PGP SIGNATURE-----', ''].join('\n')
}

/** A row whose gpgkey is another file, or several. */
function keyed(
  name: string,
  keys: (world: RpmWorld) => string[],
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      world.configure({ gpgkey: keys(world).join(' ') })
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** The repository's own key as a file of another making. */
function keyFile(world: RpmWorld, name: string, content: (armoured: string) => string | Buffer): string {
  writeFileSync(world.folder.file(name), content(world.repository.key.armoured))
  return `file://${world.folder.file(name)}`
}

const own = (world: RpmWorld) => `file://${world.repository.key.file}`
const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n'
const PAGE = '<!DOCTYPE html>\n<html><title>Moved</title></html>\n'

export const SIGNATURES: RpmPeculiarity[] = [
  published('whose repomd.xml nobody signed', { signature: 'none' }, { taken: [] }),
  published('whose repomd.xml another key signed', { signature: 'other' }, {
    taken: [],
    says: /key is not known here/,
  }),
  {
    name: 'whose repomd.xml nobody signed, where no signature is wanted',
    make(world) {
      world.repository.publish({ signature: 'none' })
      world.configure({ repo_gpgcheck: '0' })
    },
    taken: ['alpha', 'beta'],
  },
  ...['SHA1', 'RIPEMD160', 'SHA224', 'SHA256', 'SHA384', 'SHA512'].map((digest) =>
    signedBy(`whose signature is over ${digest}`, { keys: ['good'], args: ['--digest-algo', digest] })
  ),
  signedBy('signed by an expired key, and by one that is not', { keys: ['expired', 'good'] }),
  signedBy('signed by an expired key alone', { keys: ['expired'] }, { taken: [], says: /the key has expired/ }),
  signedBy('signed by a key that is not known, and by one that is', { keys: ['unknown', 'good'] }),
  signed(
    'with a binary signature',
    (world) => world.repository.key.run(['--detach-sign', '--output', `${repomd(world)}.asc`, repomd(world)]),
  ),
  signed('with a signature over another text', (world) => {
    world.repository.signIndex()
    writeFileSync(repomd(world), `${readFileSync(repomd(world), 'utf8')}\n`)
  }, { taken: [], says: /does not fit the text/ }),
  served('whose repomd.xml.asc is a page of HTML', [['repomd.xml.asc', 'html']], {
    taken: [],
    says: /is a page of HTML \('Log in'\)/,
  }),
  served('whose repomd.xml.asc is forbidden', [['repomd.xml.asc', 'forbidden']], { taken: [] }),
  keyed('whose key is binary', (world) => [`file://${world.repository.key.ring}`]),
  keyed('whose key has headers', (world) => [
    keyFile(world, 'key', (text) => text.replace(BEGIN, `${BEGIN}Version: GnuPG v1\nComment: a: b\n`)),
  ]),
  keyed('whose key has an empty Comment', (world) => [
    keyFile(world, 'key', (text) => text.replace(BEGIN, `${BEGIN}Comment:\n`)),
  ]),
  keyed('whose key has no checksum', (world) => [keyFile(world, 'key', (text) => text.replace(/^=.*\n/m, ''))], {
    theirs: { taken: [], because: 'RFC 9580 lets it be missing, and it adds nothing' },
  }),
  keyed('whose key stands between other text', (world) => [
    keyFile(world, 'key', (text) => `The key:\n\n${text}\nthat is all\n`),
  ]),
  keyed('whose key has CR LF', (world) => [keyFile(world, 'key', (text) => text.replaceAll('\n', '\r\n'))]),
  keyed('with a page of HTML as a key beside its own', (world) => [own(world), keyFile(world, 'page', () => PAGE)], {
    says: /page is a page of HTML \('Moved'\).*passed over/,
  }),
  keyed('with an address of a key that became a page of HTML, beside its own', (world) => {
    world.server.fault('gone.asc', 'html')
    return [`${world.server.url}gone.asc`, own(world)]
  }, { says: /gone\.asc is a page of HTML \('Log in'\).*this gpgkey is passed over/ }),
  keyed('with an address of a key that is not there, beside its own', (world) => [
    `${world.server.url}gone.asc`,
    own(world),
  ], {
    says: /gone\.asc answered 404; this gpgkey is passed over/,
    theirs: { taken: [], because: 'the key that is there has signed everything' },
  }),
  keyed('with a page of HTML as its only key', (world) => [keyFile(world, 'page', () => PAGE)], {
    taken: [],
    says: /page is a page of HTML \('Moved'\)/,
  }),
  keyed('with a keybox as its only key', (world) => {
    cpSync(`${world.repository.key.home}/pubring.kbx`, world.folder.file('key.kbx'))
    return [`file://${world.folder.file('key.kbx')}`]
  }, { taken: [], says: /is a keybox of GnuPG/ }),
  keyed('whose key can be had from an address', (world) => {
    writeFileSync(world.folder.file('own key.asc'), world.repository.key.armoured)
    return [`${world.server.url}own%20key.asc`]
  }),
  {
    name: 'with gpgcheck=0, and packages that nobody signed',
    make(world) {
      world.repository.add({ name: 'gamma', version: '1.0-1', files: {}, signature: 'none' })
      world.repository.publish()
      world.configure({ gpgcheck: '0' })
    },
    taken: ['alpha', 'beta', 'gamma'],
  },
]
