/** Rows on lists of mirrors, as apt-transport-mirror(1) has them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { World } from '../../packages/world.ts'
import { type DebPeculiarity, publish } from './world.ts'

type Way = 'mirror+file' | 'mirror+http' | 'mirror'

interface List {
  text: (url: string, world: World) => string
  ways?: Way[]
  /** Of the file. */
  ending?: string
}

/** A row for each way to have the list; URIs is its address. */
function mirrored(
  name: string,
  { text, ways = ['mirror+file', 'mirror+http'], ending = '' }: List,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity[] {
  return ways.map((way) => ({
    name: `${name}, by ${way}`,
    make(world) {
      publish(world)
      const list = text(world.server.url, world)
      writeFileSync(join(world.repository.root, `list${ending}`), ending === '.gz' ? gzipSync(list) : list)
      const place = way === 'mirror+file' ? join(world.repository.root, 'list') : `${world.server.url.slice(5)}list`
      world.configure({ URIs: `${way}:${place}${ending}` })
    },
    taken: ['alpha', 'beta'],
    ...more,
  }))
}

const local = (world: World) => `file:${world.repository.root}/`

export const MIRRORS: DebPeculiarity[] = [
  ...mirrored('with a list of one mirror', { text: (url) => url, ways: ['mirror+file', 'mirror+http', 'mirror'] }),
  ...mirrored('with a list that has comments and empty lines', { text: (url) => `# mirrors\n\n${url}\n` }),
  ...mirrored('with a mirror that has no slash at its end', { text: (url) => `${url.slice(0, -1)}\n` }),
  ...mirrored('with a list whose first mirror has nothing', {
    text: (url) => `${url}none/\tpriority:1\n${url}\tpriority:2\n`,
  }),
  ...mirrored('with priorities against the order of the list', {
    text: (url) => `${url}none/\n${url}\tpriority:9\n`,
    ways: ['mirror+http'],
  }),
  ...mirrored('with a mirror for indices and one for packages', {
    text: (url) => `${url}\tpriority:1 type:index\n${url}none/\tpriority:2 type:index\n${url}./\ttype:deb arch:amd64\n`,
  }),
  ...mirrored('with a mirror for another architecture first', {
    text: (url) => `${url}none/\tpriority:1 arch:s390x\n${url}\tpriority:2 arch:amd64 arch:all\n`,
  }),
  ...mirrored('with a list that has a folder of this machine', {
    text: (_url, world) => `${local(world)}\n`,
    ways: ['mirror+file'],
  }),
  ...mirrored('with a list of another machine that has a folder of this one', {
    text: (_url, world) => `${local(world)}\n`,
    ways: ['mirror+http'],
  }, { taken: [], says: /names none that can be asked: of 1 line none is an address of https/ }),
  ...mirrored('with a list that is packed', { text: (url) => `${url}\n`, ending: '.gz' }),
  ...mirrored('with a list that is empty', { text: () => '' }, { taken: [], says: /The list of mirrors names none/ }),
  ...mirrored('with a list in a list', { text: (url) => `mirror+${url}list\n` }, { taken: [] }),
  ...mirrored('with a list that is a page of HTML', {
    text: () => '<!DOCTYPE html>\n<title>Log in</title>\n',
    ways: ['mirror+http'],
  }, { taken: [], says: /is a page of HTML \('Log in'\)/ }),
]
