/** Rows on how Packages is written: ends of lines, fields that are missing, twice or odd. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { add, type DebPeculiarity, listed, published } from './world.ts'

/** A row on Packages with other bytes than those that are made. */
function written(
  name: string,
  change: (packages: string) => string | Uint8Array,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return published(name, { change: (text, index) => index.endsWith('/Packages') ? change(text) : text }, more)
}

/** A row on alpha, with checksums of its real bytes, beside beta. */
function summed(
  name: string,
  fields: (sum: (kind: string) => string) => Record<string, string | undefined>,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return {
    name,
    make(world) {
      const path = add(world, 'alpha')
      const bytes = readFileSync(join(world.repository.root, path))
      const own = fields((kind) => createHash(kind).update(bytes).digest('hex'))
      world.repository.take({ name: 'alpha', version: '1.0-1', files: {}, fields: own }, path)
      add(world, 'beta')
      world.repository.publish()
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

const SHA512 = {
  // Of the bytes that no package has.
  SHA512: '0'.repeat(128),
}
const NOT_APT = 'apt stops reading at what it does not understand; the stanzas behind it are as well signed'

export const STANZAS: DebPeculiarity[] = [
  written('whose Packages ends its lines in CR LF', (text) => text.replaceAll('\n', '\r\n')),
  written('whose Packages ends its lines in CR CR LF', (text) => text.replaceAll('\n', '\r\r\n')),
  written('whose Packages has CRs in empty lines alone', (text) => text.replaceAll('\n\n', '\n\r\n')),
  written('whose Packages has a CR before some ends of lines', (text) => text.replaceAll('amd64\n', 'amd64\r\n')),
  written('with many empty lines between its stanzas', (text) => text.replaceAll('\n\n', '\n\n\n\n\n')),
  written('without an empty line at the end of Packages', (text) => text.trimEnd()),
  written('with an empty line at the beginning of Packages', (text) => `\n${text}`),
  written(
    'with comments in Packages',
    (text) => `# made by hand\n${text.replaceAll('Version', '# a version\nVersion')}`,
    {
      theirs: { taken: [], because: NOT_APT },
    },
  ),
  written('with a byte order mark in Packages', (text) => `\ufeff${text}`, {
    theirs: { taken: [], because: NOT_APT },
  }),
  written('whose stanzas are parted by a line with a space', (text) => text.replace('\n\n', '\n \n'), {
    taken: [],
    theirs: { taken: ['beta'], because: 'apt takes the last of each field, without a word on what it lost' },
    says: /1 package left out: its stanza has a second Package field \(alpha\)/,
  }),
  written('whose stanzas have no line between them', (text) => text.replace('\n\n', '\n'), {
    taken: [],
    theirs: { taken: ['beta'], because: 'apt takes the last of each field, without a word on what it lost' },
    says: /its stanza has a second Package field \(alpha\)/,
  }),
  written('with a stanza without Package', (text) => `Version: 1\nArchitecture: amd64\n\n${text}`, {
    says: /1 package left out: it has no Package field \(\(no name\)\)/,
    theirs: { taken: [], because: NOT_APT },
  }),
  written('whose Packages is a page of HTML', () => '<!DOCTYPE html>\n<html>\n<p>moved</p></html>\n', {
    taken: [],
    says: /none of the packages that its index names can be taken: 1 package left out: it has no Package field/,
  }),
  written('whose Packages holds comments alone', () => '# nothing\n# here\n', {
    taken: [],
    says: /none of the packages .* can be taken: 1 package left out: the index holds comments alone/,
  }),
  written('whose Packages holds empty lines alone', () => '\n\n', { taken: [], code: 0 }),
  written('whose Packages is empty', () => '', { taken: [], code: 0 }),
  written(
    'with fields in other letters',
    (text) => text.replaceAll('Package:', 'PACKAGE:').replaceAll('SHA256', 'sha256'),
  ),
  written(
    'with spaces before colons',
    (text) => text.replaceAll('Package:', 'Package :').replaceAll('Size:', 'Size   :'),
  ),
  written('with no space after colons', (text) => text.replaceAll(': ', ':')),
  written('with tabs after colons, and spaces at the ends', (text) => text.replaceAll(/: (.*)/g, ':\t$1  ')),
  written('with values on the line below', (text) => text.replaceAll('SHA256: ', 'SHA256:\n ')),
  written('with a field twice', (text) => text.replaceAll('Version: 1.0-1', 'Version: 0.1\nVersion: 1.0-1')),
  written('with bytes that are no UTF-8', (text) => {
    const bytes = new TextEncoder().encode(text.replaceAll('made by a test', 'made by M?ller'))
    return bytes.map((byte) => byte === 63 ? 0xfc : byte)
  }),
  summed('with SHA512 alone', (sum) => ({ SHA256: undefined, SHA512: sum('sha512') })),
  listed('with a wrong SHA512 alone', { SHA256: undefined, ...SHA512 }, { taken: ['beta'] }),
  summed('with SHA512 beside SHA256', (sum) => ({ SHA512: sum('sha512') })),
  summed(
    'with SHA512 that fits beside SHA256 that does not',
    (sum) => ({ SHA256: '0'.repeat(64), SHA512: sum('sha512') }),
    {
      taken: ['beta'],
    },
  ),
  {
    ...listed('with SHA512 beside SHA256, which fits alone', SHA512),
    taken: ['beta'],
  },
  listed('with MD5 alone', { SHA256: undefined, MD5sum: 'd41d8cd98f00b204e9800998ecf8427e' }, {
    taken: ['beta'],
    says: /1 package left out: the index has no SHA256 or SHA512 for it \(alpha\)/,
  }),
  summed('with a SHA256 in capitals', (sum) => ({ SHA256: sum('sha256').toUpperCase() }), {
    theirs: { taken: ['beta'], because: 'apt compares letters, not numbers' },
  }),
  listed('without a checksum', { SHA256: undefined }, {
    taken: ['beta'],
    says: /no SHA256 or SHA512 for it \(alpha\)/,
  }),
  listed('without a Size', { Size: undefined }, { taken: ['beta'], says: /it has no size \(alpha\)/ }),
  listed('with another Size', { Size: '17' }, { taken: ['beta'] }),
  listed('without a Filename', { Filename: undefined }, {
    taken: ['beta'],
    says: /1 package left out: it has no path \(Filename\) \(alpha\)/,
  }),
  listed('with an underscore in a name', { Package: 'al_pha' }, { taken: ['al_pha', 'beta'] }),
  listed('without a Version', { Version: undefined }, {
    taken: ['beta'],
    says: /1 package left out: it has no version \(alpha\)/,
  }),
  published('with a package of another architecture in an index', {
    change: (text, index) =>
      index === 'main/binary-amd64/Packages' ? text.replace('Architecture: amd64', 'Architecture: arm64') : text,
  }, { taken: ['beta'], says: /1 package left out: of another architecture \(alpha\)/ }),
  {
    name: 'with a device and a pipe in a package',
    make(world) {
      add(world, 'alpha', {
        files: {
          '/dev/own': { node: 'device' },
          '/run/own': { node: 'pipe' },
          '/usr/bin/alpha': { bytes: 'alpha' },
        },
      })
      world.repository.publish()
    },
    taken: ['alpha'],
  },
]
