/** Rows on how a section is written, and on lists of mirrors. */
import { cpSync, writeFileSync } from 'node:fs'
import type { RpmWorld } from '../../rpm/world.ts'
import { configured, type RpmPeculiarity } from './world.ts'

/** A row whose mirrors stand in a list; `list`: what it says, where URL stands for the address of the repository. */
function mirrored(
  name: string,
  list: (url: string, world: RpmWorld) => string,
  more: Partial<RpmPeculiarity> & { key?: string; query?: string; more?: Record<string, string> } = {},
): RpmPeculiarity {
  const { key = 'mirrorlist', query = '', more: options = {}, ...rest } = more
  return {
    name,
    make(world) {
      world.repository.publish()
      cpSync(world.repository.root, world.folder.file('x86_64'), { recursive: true })
      writeFileSync(world.folder.file('list'), list(world.url(), world))
      world.configure({
        baseurl: '',
        [key]: `${world.server.url}list${query}`,
        retrace_architectures: 'x86_64',
        ...options,
      })
    },
    taken: ['alpha', 'beta'],
    ...rest,
  }
}

/** A row on a `.repo` file of its own making. */
function written(name: string, change: (text: string) => string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      world.configure(change(world.repoText()))
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

const metalink = (url: string, world: RpmWorld) => world.repository.metalink([url])
/** `:-` and `:+`. */
const NEWER = { taken: [], because: 'dnf has them since 4.19; Debian 12 has 4.14' }

const parent = (url: string) => url.replace(/[^/]*\/$/, '')

export const SECTIONS: RpmPeculiarity[] = [
  configured('without any peculiarity', {}),
  configured('whose address has no slash at its end', { baseurl: 'URL' }, {
    make(world) {
      world.repository.publish()
      world.configure({ baseurl: world.url().slice(0, -1) })
    },
  }),
  configured('of two addresses, of which the first has nothing', { baseurl: 'URLnone/ URL' }),
  configured('of two addresses with a comma between them', { baseurl: 'URLnone/,URL' }),
  configured('of two addresses in two lines', { baseurl: 'URLnone/\n    URL' }),
  configured('of an address with // in it', { baseurl: 'URL/' }),
  configured('with excludepkgs', { excludepkgs: 'alp*' }, { taken: ['beta'] }),
  configured('with exclude in two words', { exclude: 'alpha,nothing' }, { taken: ['beta'] }),
  configured('with includepkgs', { includepkgs: 'a?pha' }, { taken: ['alpha'] }),
  configured('with keys that change nothing', {
    priority: '1',
    cost: '500',
    metadata_expire: '6h',
    skip_if_unavailable: '1',
    countme: '1',
    type: 'rpm-md',
  }, { isQuiet: true }),
  configured('whose default of a variable holds', { baseurl: '${other:-URL}' }, {
    theirs: NEWER,
  }),
  configured('whose alternative of a variable holds', {
    baseurl: '${basearch:+URL}',
    retrace_architectures: 'x86_64',
  }, { theirs: NEWER }),
  written('with CR LF in its file', (text) => text.replaceAll('\n', '\r\n')),
  written('with a byte order mark in its file', (text) => `\ufeff${text}`),
  written('with comments of both kinds', (text) => text.replace('\n', '\n# a comment\n; another\n')),
  written('with spaces around =', (text) => text.replace('baseurl=', 'baseurl  =  ')),
  written('with : in place of =', (text) => text.replace('baseurl=', 'baseurl: '), {
    taken: [],
    code: 2,
    says: /test\.repo:2: The line is no \[section\], option = value/,
  }),
  written('with an option twice', (text) => text.replace('baseurl=', 'baseurl=http://127.0.0.1:9/\nbaseurl='), {
    says: /WRN .*test\.repo:[0-9]+: baseurl is in \[.*\] twice: the last counts, as for dnf/,
  }),
  written('with its section twice', (text) => {
    const [, header = '', options = ''] = /^(\[.*\]\n)([^]*)$/m.exec(text) ?? []
    return `${header}baseurl=http://127.0.0.1:9/\n${header}${options}`
  }, { says: /WRN .*test\.repo:3: the section \[.*\] is here twice: both are one/ }),
  written('with comments behind the names of its sections', (text) => {
    return `[other] ; not wanted\nname=x\nenabled=0\n${text.replace(/^(\[.*\])\n/m, '$1  # wanted\n')}`
  }),
  written('with a section behind it whose name has no end', (text) => `${text}\n[other\nname=x\nenabled=0\n`, {
    code: 2,
    says: /test\.repo:[0-9]+: The line is no \[section\]/,
    theirs: { taken: [], because: 'it passes the whole file over' },
  }),
  written('with quotes around its address', (text) => text.replace(/baseurl=(.*)/, 'baseurl="$1"')),
  {
    name: 'whose address is a path',
    make(world) {
      world.repository.publish()
      world.configure({ baseurl: world.repository.root })
    },
    taken: ['alpha', 'beta'],
  },
  written('with keys of zypper and yum', (text) => {
    return text.replace('baseurl=', 'path=/\nkeeppackages=0\nautorefresh=1\nreport_instanceid=yes\nbaseurl=')
  }),
  written('with keys in capital letters', (text) => text.replace('baseurl=', 'BASEURL='), {
    theirs: { taken: [], because: 'yum took keys in any letters' },
  }),
  written('with a section beside it that has no address', (text) => `${text}\n[other]\nname=x\nretrace_release=x-1\n`, {
    code: 2,
  }),
  written('with a section beside it that has a line which is none', (text) => `[other]\nno option\n\n${text}`, {
    code: 2,
    says: /test\.repo:2: The line is no/,
    theirs: { taken: [], because: 'it passes the whole file over' },
  }),
  written('with a section beside it that has no name', (text) => `[a b]\nname=x\n\n${text}`, {
    code: 2,
    says: /\[a b\] is no name of a section/,
  }),
  written('with an option before its first section', (text) => `enabled=1\n${text}`, {
    code: 2,
    says: /enabled stands before the first/,
    theirs: { taken: [], because: 'it passes the whole file over' },
  }),
  written('with a section beside it that is not enabled', (text) => `${text}\n[other]\nname=x\nenabled=0\n`),
  mirrored(
    'whose mirrorlist has comments, other protocols and a mirror',
    (url) => `# mirrors\n\nrsync://example.org/x/\n${url}\n`,
  ),
  mirrored('whose mirrorlist has CR LF', (url) => `# mirrors\r\n${url}\r\n`, {
    theirs: { taken: [], because: 'the end of a line is no part of an address' },
  }),
  mirrored('whose mirrorlist has a mirror without a slash at its end', (url) => url.slice(0, -1)),
  mirrored('whose mirrorlist has $basearch', (url) => `${parent(url)}$basearch/\n`),
  mirrored('whose mirrorlist has a default', (url) => `${parent(url)}\${unknown:-x86_64}/\n`, {
    theirs: NEWER,
  }),
  mirrored('whose mirrorlist has an unknown variable in some lines', (url) => `${parent(url)}$stream/$x/\n${url}`, {
    says: /list: lines have \$stream, not known here: say its value, like retrace_vars=stream=VALUE; they are passed/,
  }),
  mirrored('whose mirrorlist has an unknown variable in each line', (url) => `${parent(url)}$stream/\n${url}$x/`, {
    taken: [],
    says: /The mirrorlist names no mirror: lines have \$stream, \$x, .* retrace_vars=stream=VALUE x=VALUE/,
  }),
  mirrored('whose mirrorlist has rsync mirrors alone', () => 'rsync://example.org/x/\n', {
    taken: [],
    says: /names no mirror that can be asked: of 1 line none is a whole address of https/,
  }),
  mirrored('whose mirrorlist has a variable of its section', (url) => `${parent(url)}$folder/\n`, {
    more: { retrace_vars: 'other= folder=x86_64' },
    variables: { other: '', folder: 'x86_64' },
  }),
  mirrored('whose mirrorlist has a variable of its distribution', (url) => `${parent(url)}x86_64$rltype/\n`, {
    more: { retrace_release: 'rocky-9' },
    variables: { rltype: '' },
  }),
  mirrored(
    'whose metalink has an unknown variable in its only mirror',
    (url, world) => world.repository.metalink([`${url}$x/`]),
    {
      key: 'metalink',
      taken: [],
      says: /The metalink names no mirror: lines have \$x/,
    },
  ),
  mirrored('whose mirrorlist is a page of HTML', () => '<!DOCTYPE html>\n<html><title>Log in</title></html>', {
    taken: [],
    says: /is a page of HTML \('Log in'\)/,
  }),
  mirrored('whose mirrorlist is empty', () => '', { taken: [], says: /names no mirror/ }),
  mirrored('whose mirrorlist is a metalink', metalink, { query: '?metalink' }),
  mirrored('whose metalink has a comma in its address', metalink, { key: 'metalink', query: '?protocol=https,http' }),
  mirrored('whose mirrorlist has a comma in its address', (url) => url, { query: '?protocol=https,http' }),
  mirrored('whose metalink has $basearch in its address', metalink, { key: 'metalink', query: '?arch=$basearch' }),
  mirrored(
    'whose metalink has a sha1 alone',
    (url, world) => metalink(url, world).replace(/<hash type="sha(256|512)">[^<]*<\/hash>/g, ''),
    {
      key: 'metalink',
      taken: [],
      says: /The metalink has no SHA224, SHA256, SHA384 or SHA512/,
    },
  ),
  mirrored(
    'whose metalink knows another repomd.xml',
    (url, world) =>
      metalink(url, world).replace(/(<hash type="sha(?:256|512)">)[0-9a-f]{8}/g, (_, tag) => `${tag}00000000`),
    {
      key: 'metalink',
      taken: [],
    },
  ),
  mirrored('whose metalink is a page of HTML', () => '<!DOCTYPE html>\n<html><title>Log in</title></html>', {
    key: 'metalink',
    taken: [],
    says: /is a page of HTML \('Log in'\)/,
  }),
]
