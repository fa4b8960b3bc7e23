/** Rows on the files of packages: their names in addresses, how they are packed, who signed them. */
import { ALPHA, named, type RpmPeculiarity, served, source } from './world.ts'

const STORE = { serve: { isObjectStore: true } }

/** A row on gamma, made in a way of its own, beside alpha and beta. */
function made(
  name: string,
  more: Parameters<typeof source>[1],
  taken = ['alpha', 'beta', 'gamma'],
  rest: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.add(source('gamma', more))
      world.repository.publish()
    },
    taken,
    ...rest,
  }
}

export const FILES: RpmPeculiarity[] = [
  named('with a + in the name of a file, in an object store', 'Packages/a+b.rpm', STORE),
  named('with ^ and ~ in the name of a file, in an object store', 'Packages/a^b~c.rpm', STORE),
  named('with a %2b in the name of a file', 'Packages/a%2bb.rpm'),
  named('with a space in the name of a file', 'Packages/a b.rpm'),
  named('with a # in the name of a file', 'Packages/a#b.rpm'),
  named('with a ? in the name of a file', 'Packages/a?b.rpm'),
  named('with a \\ in the name of a file', 'Packages/a\\b.rpm'),
  named('with everything else in the name of a file', "Packages/a&b=c;d,e@f!g$h(i)'j*k[l]{m}|n.rpm"),
  named('with other letters in the name of a file', 'Packages/älpha.rpm'),
  named('with a file in many folders', `Packages/a/b/c/d/${ALPHA}`),
  ...['w1.zstdio', 'w1.xzdio', 'w1.gzdio', 'w1.bzdio', 'w1.lzdio', 'w1.ufdio'].map((payload) =>
    made(`with a payload of ${payload}`, { payload })
  ),
  made('with a device in a package', {
    files: { '/usr/bin/gamma': { bytes: 'gamma' }, '/dev/gamma': 'built' },
    attributes: { '/dev/gamma': '%dev(c,1,3)' },
  }),
  made('with a pipe and a socket in a package', {
    files: { '/usr/bin/gamma': { bytes: 'gamma' }, '/run/pipe': { node: 'pipe' }, '/run/socket': { node: 'socket' } },
  }),
  made('with a package that nobody signed', { signature: 'none' }, ['alpha', 'beta'], { says: /it has none/ }),
  made('with a package that another key signed', { signature: 'other' }, ['alpha', 'beta'], { says: /NOKEY/ }),
  served('whose package is not there', [[ALPHA, 'missing']], { taken: ['beta'] }),
  served('whose package is forbidden', [[ALPHA, 'forbidden']], { taken: ['beta'] }),
  served('whose package is a page of HTML', [[ALPHA, 'html']], {
    taken: ['beta'],
    says: /is a page of HTML: does the network ask/,
  }),
  served('whose package was altered', [[ALPHA, 'altered']], { taken: ['beta'] }),
  served('whose package is cut off once', [[ALPHA, 'cut-once']]),
]
