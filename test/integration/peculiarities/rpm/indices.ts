/** Rows on repomd.xml and the files that it names. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RpmWorld } from '../../rpm/world.ts'
import { published, type RpmPeculiarity, served } from './world.ts'

/** A row whose repomd.xml is another text, signed. */
function described(
  name: string,
  change: (text: string, world: RpmWorld) => string,
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      const file = world.repository.path('repodata/repomd.xml')
      writeFileSync(file, change(readFileSync(file, 'utf8'), world))
      world.repository.signIndex()
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** The same for the element of one index alone. */
function ofData(type: string, change: (element: string) => string) {
  return (text: string) => text.replace(new RegExp(`<data type="${type}">[^]*?</data>`), change)
}

function dropped(type: string) {
  return (text: string) => ofData(type, () => '')(text)
}

/** A checksum of the packed file of each index in place of the one that is there; `label`: how its kind is called. */
function summed(label: string, digest = label, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return described(`whose indices have ${label}`, (text, world) =>
    text.replace(/<data [^]*?<\/data>/g, (element) => {
      const [, href = ''] = /href="([^"]+)"/.exec(element) ?? []
      const hex = createHash(digest).update(readFileSync(world.repository.path(href))).digest('hex')
      return element.replace(/<checksum [^]*?<\/checksum>/, `<checksum type="${label}">${hex}</checksum>`)
        .replace(/<open-checksum [^]*?<\/open-checksum>/, '')
    }), more)
}

/** Both indices packed by another program, with the ending that it gives. */
function packed(ending: string, command: string[], more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return described(`whose indices are ${ending === '' ? 'not packed' : ending}`, (text, world) => {
    const folder = world.repository.path('repodata')
    return text.replace(/<data [^]*?<\/data>/g, (element) => {
      const [, href = ''] = /href="([^"]+)"/.exec(element) ?? []
      const plain = execFileSync('gzip', ['-dc', world.repository.path(href)])
      const [program = 'cat', ...args] = command
      const bytes = execFileSync(program, args, { input: plain })
      const next = href.replace(/\.gz$/, ending)
      rmSync(world.repository.path(href))
      writeFileSync(join(folder, '..', next), bytes)
      const hex = createHash('sha256').update(bytes).digest('hex')
      return element.replace(href, next).replace(/(<checksum [^>]*>)[0-9a-f]+/, `$1${hex}`)
        .replace(/<size>\d+/, `<size>${bytes.length}`)
    })
  }, more)
}

/** The file of primary under another name. */
function renamed(name: string, file: string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return described(name, (text, world) => {
    const folder = world.repository.path('repodata')
    const own = readdirSync(folder).find((each) => each.includes('-primary.xml')) ?? ''
    renameSync(join(folder, own), join(folder, file))
    return text.replace(own, file.replaceAll('&', '&amp;'))
  }, more)
}

const WEAK: Partial<RpmPeculiarity> = {
  taken: [],
  says: /no SHA224, SHA256, SHA384 or SHA512 of its primary index, but (sha|sha1|md5)$/m,
  theirs: { taken: ['alpha', 'beta'], because: 'what is signed by a weak checksum is not signed' },
}
const RAW = { taken: [], because: 'it asks for names of indices as they are written' }

export const INDICES: RpmPeculiarity[] = [
  ...(['gz', 'xz', 'zstd'] as const).map((compression) =>
    published(`whose indices are packed as ${compression}`, { compression })
  ),
  packed('.bz2', ['bzip2', '-c']),
  packed('', ['cat']),
  packed('.lzma', ['lzma', '-c']),
  packed('.lz4', ['lz4', '-c'], { taken: [], says: /primary\.xml\.lz4: of the forms .* it is none/ }),
  published('whose indices have sha512 by createrepo_c', { checksum: 'sha512' }),
  summed('sha384'),
  summed('sha224'),
  summed('sha', 'sha1', WEAK),
  summed('sha1', 'sha1', WEAK),
  summed('md5', 'md5', WEAK),
  summed('SHA256', 'sha256'),
  renamed('with a + in the name of an index', 'a+b-primary.xml.gz'),
  renamed('with a %2b in the name of an index', 'a%2bb-primary.xml.gz', { theirs: RAW }),
  renamed('with a ~, a ^ and a space in the name of an index', 'a~b^c d-primary.xml.gz', { theirs: RAW }),
  renamed('with a # in the name of an index', 'a#b-primary.xml.gz', { taken: [], says: /holds a #, which ends/ }),
  renamed('with a ? in the name of an index', 'a?b-primary.xml.gz', { taken: [], says: /holds a \?, which ends/ }),
  renamed('with an & in the name of an index', 'a&b-primary.xml.gz', {
    theirs: { taken: [], because: 'it asks for a&#38;b' },
  }),
  described('without filelists', dropped('filelists')),
  described('without primary', dropped('primary'), { taken: [], says: /names no primary index/ }),
  described('without sizes', (text) => text.replace(/<(open-)?size>.*<\/(open-)?size>\n?/g, '')),
  described('without open-checksum', (text) => text.replace(/<open-checksum.*<\/open-checksum>\n?/g, '')),
  described('without timestamps', (text) => text.replace(/<timestamp>.*<\/timestamp>\n?/g, '')),
  described('without a revision', (text) => text.replace(/<revision>.*<\/revision>\n?/, '')),
  described('with a wrong size of primary', ofData('primary', (data) => data.replace(/<size>\d+/, '<size>7')), {
    taken: [],
    says: /announces \d+ bytes where at most 7 can be/,
    theirs: { taken: ['alpha', 'beta'], because: 'no more is fetched than was announced' },
  }),
  described(
    'with a wrong checksum of primary',
    ofData('primary', (data) => data.replace(/(<checksum [^>]*>)[0-9a-f]{8}/, '$100000000')),
    { taken: [] },
  ),
  described('with a location that begins with ./', (text) => text.replaceAll('href="', 'href="./')),
  described(
    'with xml:base of its own',
    (text, world) => text.replaceAll('<location ', `<location xml:base="${world.url()}" `),
  ),
  described(
    'with indices of other kinds',
    (text) => text.replace('</repomd>', '<data type="other"><location href="repodata/none.xml.gz"/></data></repomd>'),
  ),
  described('with CR LF in repomd.xml', (text) => text.replaceAll('\n', '\r\n')),
  described('with a byte order mark in repomd.xml', (text) => `\ufeff${text}`),
  described('with comments in repomd.xml', (text) => text.replace('<data ', '<!-- a comment -->\n<data ')),
  described(
    'with tags in repomd.xml',
    (text) =>
      text.replace('<data ', '<tags><content>binary</content><distro cpeid="cpe:/o:x">X</distro></tags>\n<data '),
  ),
  described('whose repomd.xml is empty', () => '', { taken: [] }),
  described('whose repomd.xml is cut', (text) => text.slice(0, text.length / 2), { taken: [] }),
  described(
    'whose repomd.xml is a page of HTML, and signed',
    () => '<!DOCTYPE html>\n<html><title>Log in</title></html>\n',
    {
      taken: [],
      says: /is a page of HTML \('Log in'\)/,
    },
  ),
  served('whose repomd.xml is a page of HTML', [['repomd.xml', 'html']], {
    taken: [],
    says: /is a page of HTML \('Log in'\): does the network ask to log in/,
  }),
  {
    name: 'whose repomd.xml is a page of HTML, where no signature is wanted',
    make(world) {
      world.repository.publish()
      world.configure({ repo_gpgcheck: '0' })
      world.server.fault('repomd.xml', 'html')
    },
    taken: [],
    says: /is a page of HTML \('Log in'\): does the network ask to log in/,
  },
  served('whose repomd.xml is not there', [['repomd.xml', 'missing']], { taken: [] }),
  served('whose primary is not there', [['primary.xml.gz', 'missing']], { taken: [] }),
  served('whose primary is a page of HTML', [['primary.xml.gz', 'html']], {
    taken: [],
    says: /is a page of HTML: does the network ask/,
  }),
  served('whose filelists are not there', [['filelists.xml.gz', 'missing']], {
    code: 1,
    says: /its list of files left as it was: .*filelists\.xml\.gz answered 404/,
    theirs: { taken: [], because: 'the packages are known all the same; the exit code says that something is not' },
  }),
  served('whose primary was altered', [['primary.xml.gz', 'altered']], { taken: [] }),
]
