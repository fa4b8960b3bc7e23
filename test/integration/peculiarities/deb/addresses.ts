/** Rows on names that mean something else in an address, and on what servers make of them. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { add, type DebPeculiarity, listed } from './world.ts'

function at(path: string, name: string, more: Partial<DebPeculiarity> = {}): DebPeculiarity {
  return {
    name,
    make(world) {
      add(world, 'alpha', { path })
      world.repository.publish()
    },
    taken: ['alpha'],
    ...more,
  }
}

const STORE = { serve: { isObjectStore: true } }

export const ADDRESSES: DebPeculiarity[] = [
  at('pool/alpha_1%3a1.0-1_amd64.deb', 'with a %3a in the name of a file'),
  at('pool/alpha_1%3a1.0-1_amd64.deb', 'with a %3a in the name of a file, in an object store', STORE),
  at('pool/alpha_1.0+deb12u1_amd64.deb', 'with a + in the name of a file'),
  at('pool/alpha_1.0+deb12u1_amd64.deb', 'with a + in the name of a file, in an object store', STORE),
  at('pool/alpha_1.0~rc1_amd64.deb', 'with a ~ in the name of a file, in an object store', STORE),
  at('pool/a b/alpha 1.0.deb', 'with spaces in the name of a file'),
  at('pool/älpha^1.0.deb', 'with other letters in the name of a file'),
  at('pool/alpha_1:1.0_amd64.deb', 'with a colon in the name of a file'),
  at('pool/a&b=c;d,e@f!g$h(i)\'j*k[l]{m}|n"o.deb', 'with everything else in the name of a file'),
  listed('with ./ before the name of a file', { Filename: './pool/alpha_1.0-1_amd64.deb' }),
  listed('with a / before the name of a file', { Filename: '/pool/alpha_1.0-1_amd64.deb' }),
  listed('with .. within the name of a file', { Filename: 'dists/../pool/alpha_1.0-1_amd64.deb' }),
  listed('with a file outside', { Filename: '../alpha_1.0-1_amd64.deb' }, {
    taken: ['beta'],
    says: /1 package left out: its path leads out of the repository \(alpha\)/,
  }),
  ...['#', '\\'].map((letter) => at(`pool/alpha${letter}x.deb`, `with a ${letter} in the name of a file`)),
  at('pool/alpha?x.deb', 'with a ? in the name of a file', {
    theirs: { taken: [], because: 'it asks for what stands before the ?, which is another file' },
  }),
  {
    name: 'whose redirects hold +, %2b, %25 and a query, which are kept as they are',
    make(world) {
      const path = add(world, 'alpha', { path: 'pool/alpha+1.deb' })
      world.repository.publish()
      cpSync(join(world.repository.root, path), join(world.repository.root, 'pool/here.deb'))
      world.server.redirect('/pool/alpha%2b1.deb', '/there/a+b%2bc%253a~.deb?token=a%2bb+c%2F&x=1')
      // The only address that leads on.
      world.server.redirect('/there/a+b%2bc%253a~.deb?token=a%2bb+c%2F&x=1', '/pool/here.deb')
    },
    taken: ['alpha'],
  },
]
