/** Rows on signatures and keys. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../../packages/world.ts'
import { type DebPeculiarity, publish, served } from './world.ts'

const CLOCK = ['--faked-system-time', '20200101T000000']

/** A key pair besides the repository's own. */
interface OtherKey {
  home: string
  ring: string
}

function otherKey(world: World, name: string, { expired = false } = {}): OtherKey {
  const home = world.folder.file(name)
  const ring = world.folder.file(`${name}.gpg`)
  mkdirSync(home, { mode: 0o700 })
  gpg({ home, ring }, [
    ...(expired ? CLOCK : []),
    '--quick-gen-key',
    `${name} <${name}@example.org>`,
    'rsa2048',
    'sign',
  ], {
    expiry: expired ? '30d' : 'never',
  })
  gpg({ home, ring }, ['--export', '--output', ring])
  return { home, ring }
}

function gpg({ home }: OtherKey, args: string[], { expiry = '' } = {}): void {
  const env = { PATH: '/usr/bin:/bin', GNUPGHOME: home, LC_ALL: 'C' }
  const all = ['--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', ...args]
  execFileSync('gpg', expiry === '' ? all : [...all, expiry], { env, stdio: 'pipe' })
}

/** Release of the suite, to be signed anew. */
function release(world: World): string {
  return join(world.repository.root, 'dists/bookworm/Release')
}

/** Makes a Release.gpg with a signature of each key. */
function signedByAll(world: World, keys: OtherKey[]): void {
  const text = release(world)
  const signatures = keys.map((key, at) => {
    const out = `${text}.${at}.sig`
    gpg(key, [...(key.ring.includes('expired') ? CLOCK : []), '--detach-sign', '--output', out, text])
    return readFileSync(out)
  })
  writeFileSync(`${text}.gpg`, armoured(Buffer.concat(signatures)))
}

/** RFC 9580, chapter 6; without the checksum, which nobody needs. */
function armoured(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PGP SIGNATURE-----', '', ...lines, '-----END PGP SIGNATURE-----', ''].join('\n')
}

function signed(
  name: string,
  sign: (world: World) => void,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return {
    name,
    make(world) {
      publish(world, { signature: 'none' })
      sign(world)
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** The repository's own key as a file of its own making. */
function keyFile(world: World, name: string, change: (armoured: string) => string): void {
  const file = world.folder.file(name)
  writeFileSync(file, change(world.repository.armouredKey))
  world.configure({ 'Signed-By': file })
}

function keyed(
  name: string,
  change: (armoured: string) => string,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return {
    name,
    make(world) {
      publish(world)
      keyFile(world, 'key.asc', change)
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** An InRelease whose signature is over this digest, by a key of its own. */
function overDigest(digest: string, more: Partial<DebPeculiarity> = {}): DebPeculiarity {
  return signed(`whose signature is over ${digest}`, (world) => {
    const own = otherKey(world, 'own')
    const inRelease = join(release(world), '../InRelease')
    gpg(own, ['--digest-algo', digest, '--clearsign', '--output', inRelease, release(world)])
    world.configure({ 'Signed-By': own.ring })
  }, more)
}

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n'

export const SIGNATURES: DebPeculiarity[] = [
  ...['SHA1', 'RIPEMD160'].map((digest) => overDigest(digest, { taken: [], says: /which is weak/ })),
  ...['SHA224', 'SHA256', 'SHA384', 'SHA512'].map((digest) => overDigest(digest)),
  signed('signed by an expired key, and by one that is not', (world) => {
    const keys = [otherKey(world, 'expired', { expired: true }), otherKey(world, 'good')]
    signedByAll(world, keys)
    world.configure({ 'Signed-By': keys.map(({ ring }) => ring).join(' ') })
  }),
  signed('signed by an expired key alone', (world) => {
    const keys = [otherKey(world, 'expired', { expired: true })]
    signedByAll(world, keys)
    world.configure({ 'Signed-By': keys.map(({ ring }) => ring).join(' ') })
  }, { taken: [], says: /the key has expired/ }),
  signed('signed by a key that is not known, and by one that is', (world) => {
    const keys = [otherKey(world, 'unknown'), otherKey(world, 'good')]
    signedByAll(world, keys)
    world.configure({ 'Signed-By': keys[1]?.ring })
  }),
  signed('with a signature over another text beside a good one', (world) => {
    const keys = [otherKey(world, 'bad'), otherKey(world, 'good')]
    const text = readFileSync(release(world), 'utf8')
    signedByAll(world, keys)
    const good = readFileSync(`${release(world)}.1.sig`)
    writeFileSync(release(world), `${text}\n`)
    signedByAll(world, keys.slice(0, 1))
    writeFileSync(release(world), text)
    writeFileSync(`${release(world)}.gpg`, armoured(Buffer.concat([readFileSync(`${release(world)}.0.sig`), good])))
    world.configure({ 'Signed-By': keys.map(({ ring }) => ring).join(' ') })
  }, { taken: [], says: /does not fit the text/ }),
  keyed('whose key has an empty Comment', (text) => text.replace(BEGIN, `${BEGIN}Comment:\n`)),
  keyed('whose key has headers', (text) => text.replace(BEGIN, `${BEGIN}Version: GnuPG v1\nComment: a: b\n`)),
  keyed('whose key has no checksum', (text) => text.replace(/^=.*\n/m, '')),
  keyed('whose key has a wrong checksum', (text) => text.replace(/^=.*\n/m, '=AAAA\n')),
  keyed('whose key is cut off', (text) => text.slice(0, text.length / 2), {
    taken: [],
    says: /The key ring \S+key\.asc is cut off: a key in it has no END line/,
  }),
  keyed('whose key has lost a line', (text) => text.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n'), {
    taken: [],
    says: /key\.asc/,
  }),
  keyed('whose key stands between other text', (text) => `The key:\n\n${text}\nthat is all\n`),
  keyed('whose key has CR LF', (text) => text.replaceAll('\n', '\r\n'), {
    theirs: { taken: [], because: 'apt finds no empty line in it, which is no fault of the key' },
  }),
  {
    name: 'whose key stands in the .sources file',
    make(world) {
      publish(world)
      const lines = world.repository.armouredKey.trim().split('\n').map((line) => ` ${line || '.'}`)
      world.configure({ 'Signed-By': `\n${lines.join('\n')}` })
    },
    taken: ['alpha', 'beta'],
  },
  {
    name: 'whose key stands in the .sources file with a line of white space',
    make(world) {
      publish(world)
      const lines = world.repository.armouredKey.trim().split('\n').map((line) => ` ${line}`)
      world.configure({ 'Signed-By': `\n${lines.join('\n')}` })
    },
    taken: ['alpha', 'beta'],
  },
  {
    name: 'whose stanza names no key, signed by one that apt does not trust',
    make(world) {
      publish(world)
      world.configure({ 'Signed-By': undefined })
    },
    taken: [],
    says: /The keys that apt trusts here were asked, since .*test\.sources:1 has no Signed-By/,
  },
  {
    name: 'with a key ring that is not there beside its own',
    make(world) {
      publish(world)
      world.configure({ 'Signed-By': `${world.folder.file('none.gpg')} ${world.repository.keyRing}` })
    },
    taken: ['alpha', 'beta'],
    says: /none\.gpg cannot be read \(ENOENT\); it is passed over/,
    theirs: { taken: [], because: 'the keys that are there have signed it' },
  },
  {
    name: 'with a page of HTML as a key ring beside its own',
    make(world) {
      publish(world)
      writeFileSync(world.folder.file('page.gpg'), '<!DOCTYPE html>\n<html>')
      world.configure({ 'Signed-By': `${world.folder.file('page.gpg')} ${world.repository.keyRing}` })
    },
    taken: ['alpha', 'beta'],
    says: /page\.gpg is a page of HTML/,
    theirs: { taken: [], because: 'the keys that are there have signed it' },
  },
  served('whose InRelease is a page of HTML', [['InRelease', 'html']], {
    taken: [],
    says: /is a page of HTML \('Log in'\): does the network ask to log in/,
  }),
  served('whose InRelease is forbidden', [['InRelease', 'forbidden']], {
    options: { signature: 'detached' },
    theirs: { taken: [], because: 'object stores forbid what they do not have; Release is signed as well' },
  }),
  served('whose InRelease cannot be had, with 500', [['InRelease', 'error']], {
    options: { signature: 'detached' },
    taken: [],
  }),
  signed('with a binary Release.gpg', (world) => {
    world.repository.key.run(['--detach-sign', '--output', `${release(world)}.gpg`, release(world)])
  }, { taken: [], says: /Release\.gpg is not armoured/ }),
  signed('without a signature', () => undefined, { taken: [], says: /Release\.gpg answered 404/ }),
  signed('whose InRelease is not signed', (world) => {
    writeFileSync(join(release(world), '../InRelease'), readFileSync(release(world)))
  }, { taken: [], says: /It has no signature/ }),
]
