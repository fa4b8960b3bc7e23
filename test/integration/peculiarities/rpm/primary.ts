/** Rows on what primary says of a package. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ALPHA, listed, published, type RpmPeculiarity, source } from './world.ts'

function href(name: string, place: string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return listed(name, (element) => element.replace('href="Packages/', `href="${place}`), more)
}

function base(name: string, address: (url: string) => string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return listed(
    name,
    (element, world) => element.replace('<location ', `<location xml:base="${address(world.url())}" `),
    more,
  )
}

function replaced(name: string, from: string | RegExp, to: string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return listed(name, (element) => element.replace(from, to), more)
}

/** A row on one package of another kind beside alpha and beta. */
function added(name: string, more: Parameters<typeof source>[1] & { label: string | undefined }): RpmPeculiarity {
  const { label, ...made } = more
  return {
    name,
    make(world) {
      world.repository.add(source('gamma', made))
      world.repository.publish()
    },
    taken: ['alpha', 'beta', ...(label === undefined ? [] : [label])],
  }
}

/** Another kind of checksum of alpha's file in place of the one that is there. */
function summed(kind: string): RpmPeculiarity {
  return listed(`with a ${kind} of a package`, (element, world) => {
    const hex = createHash(kind).update(readFileSync(world.repository.path(`Packages/${ALPHA}`))).digest('hex')
    return element.replace(/<checksum .*<\/checksum>/, `<checksum type="${kind}" pkgid="YES">${hex}</checksum>`)
  })
}

/** A row whose primary is another text. */
function announcing(
  name: string,
  change: (text: string) => string,
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      world.repository.replaceIndex('primary', change)
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

export const PRIMARY: RpmPeculiarity[] = [
  href('with ./ before a location', './Packages/'),
  href('with .. within a location', 'a/../Packages/'),
  href('with / before a location', '/Packages/'),
  href('with // within a location', 'Packages//'),
  href('with a location outside', '../Packages/', { taken: ['beta'], says: /leads out of the repository \(alpha\)/ }),
  href('with a location that is encoded', 'Pack%61ges/', { taken: ['beta'] }),
  base('with xml:base of its own', (url) => url),
  base('with xml:base without a slash at its end', (url) => url.slice(0, -1)),
  base('with an empty xml:base', () => '', {
    theirs: { taken: ['beta'], because: 'it takes the first folder for the host' },
  }),
  base('with xml:base of another host', (url) => url.replace('127.0.0.1', 'localhost'), {
    taken: ['beta'],
    says: /leads to another host/,
    theirs: { taken: ['alpha', 'beta'], because: 'whoever has the mirror would have us ask every host' },
  }),
  replaced('with an empty epoch', 'epoch="0"', 'epoch=""'),
  replaced('without an epoch', 'epoch="0" ', ''),
  replaced('with zeros before an epoch', 'epoch="0"', 'epoch="00"'),
  replaced('with an epoch that is no number', 'epoch="0"', 'epoch="x"', {
    taken: ['beta'],
    theirs: { taken: ['alpha=x:1.0-1', 'beta'], because: 'no version can be ordered so' },
  }),
  replaced('without a release', / rel="1"/, '', {
    taken: ['beta'],
    theirs: { taken: ['alpha=1.0', 'beta'], because: 'every package has a release' },
  }),
  replaced('without an architecture', /<arch>.*<\/arch>/, '', {
    taken: ['beta'],
    theirs: { taken: ['alpha:noarch', 'beta'], because: 'it is one of x86_64' },
  }),
  replaced('without a size', /<size .*\/>/, ''),
  replaced('with a size of 0', /package="\d+"/, 'package="0"'),
  replaced('with a size that is no number', /package="\d+"/, 'package="many"'),
  replaced('with a wrong size', /package="\d+"/, 'package="7"', { taken: ['beta'] }),
  replaced('without a checksum', /<checksum .*<\/checksum>/, '', { taken: ['beta'] }),
  replaced('with a wrong checksum', /(<checksum [^>]*>)[0-9a-f]{8}/, '$100000000', { taken: ['beta'] }),
  replaced(
    'with an md5',
    /<checksum .*<\/checksum>/,
    '<checksum type="md5" pkgid="YES">d41d8cd98f00b204e9800998ecf8427e</checksum>',
    {
      taken: ['beta'],
      says: /no SHA224, SHA256, SHA384 or SHA512 for it, but md5/,
    },
  ),
  replaced('with a kind of checksum in capital letters', 'type="sha256"', 'type="SHA256"'),
  replaced('without a location', /<location .*\/>/, '', { taken: ['beta'] }),
  replaced('without times', /<time .*\/>/, ''),
  replaced('with an entity in a summary', 'Made by a test', 'A &amp; B &#228; &lt;x&gt;'),
  replaced('with CDATA in a description', 'Made by a test', '<![CDATA[<a> & b]]>'),
  replaced('with a name that leads out', '<name>alpha<', '<name>../alpha<', {
    taken: ['beta'],
    theirs: { taken: ['../alpha', 'beta'], because: 'its folder would be outside' },
  }),
  // dnf 4.14 itself ends over a sha224 here (libdnf, checksumt_l2h).
  ...['sha384', 'sha512'].map((kind) => summed(kind)),
  announcing('that announces more packages than there are', (text) => text.replace('packages="2"', 'packages="7"'), {
    says: /WRN .* primary\.xml announces 7 packages and has 2/,
  }),
  announcing('that announces packages and has none', (text) => text.replace(/<package [^]*<\/package>/, ''), {
    taken: [],
    says: /primary\.xml announces 2 packages and has 0/,
  }),
  announcing('that announces no number of packages', (text) => text.replace(' packages="2"', ''), { isQuiet: true }),
  announcing(
    'that announces none and has none',
    (text) => text.replace(/<package [^]*<\/package>/, '').replace('packages="2"', 'packages="0"'),
    { taken: [], code: 0 },
  ),
  listed('that names a package twice', (element) => element + element),
  added('with a package of noarch', { label: 'gamma:noarch', architecture: 'noarch' }),
  added('with an epoch', { label: 'gamma=1:2.0-3', version: '1:2.0-3' }),
  added('with ~ and ^ in a version', { label: 'gamma=2.0~rc1^git1-3', version: '2.0~rc1^git1-3' }),
  added('with + in a name', { label: 'gamma+', name: 'gamma+' }),
  published('with a checksum of packages in sha256', {}),
]
