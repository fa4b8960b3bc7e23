import { describe, expect, it } from 'vitest'
import { addressBelow, faultOfPlace, placeOf } from '../../../src/packages/format/place.ts'

describe('addressBelow()', () => {
  it.each([
    ['pool/a_1%3a2.0-1_amd64.deb', 'pool/a_1%253a2.0-1_amd64.deb'],
    ['pool/libstdc++6~rc1.deb', 'pool/libstdc%2b%2b6%7erc1.deb'],
    ['Packages/x-1^git.rpm', 'Packages/x-1%5egit.rpm'],
    ['a b/ä:𝄞', 'a%20b/%c3%a4%3a%f0%9d%84%9e'],
    ['dists/bookworm/main/binary-amd64/Packages.xz', 'dists/bookworm/main/binary-amd64/Packages.xz'],
  ])('encodes %s as apt and dnf do', (place, encoded) => {
    const address = addressBelow('http://h/base+1/', place)
    expect(address).toBe(`http://h/base+1/${encoded}`)
    expect(decodeURIComponent(new URL(address).pathname)).toBe(`/base+1/${place}`)
  })
})

describe('placeOf()', () => {
  it.each(['pool/x', './pool/x', '/pool/x', 'pool//x', 'pool/./x', 'pool/y/../x', 'pool/y/z/../../x', './/pool/x'])(
    'takes %s for one place',
    (text) => {
      expect(faultOfPlace(text)).toBeUndefined()
      expect(placeOf(text)).toBe('pool/x')
    },
  )
})

describe('faultOfPlace()', () => {
  it.each([
    ['', 'is empty'],
    ['.', 'names no file'],
    ['../x', 'leads out of the repository'],
    ['pool/../../x', 'leads out of the repository'],
    ['pool/%2e%2e/x', 'leads out of the repository'],
    ['pool/.%2E/x', 'leads out of the repository'],
    ['pool/..%2fx', 'leads out of the repository'],
    ['pool/x?y', 'holds a ?, which ends or turns an address'],
    ['pool/x#y', 'holds a #, which ends or turns an address'],
    ['pool\\x', 'holds a \\, which ends or turns an address'],
    ['pool/x\u0000', 'holds a control character'],
    ['pool/\ufffd', 'is no UTF-8'],
    ['x'.repeat(1001), 'is longer than 1000 characters'],
  ])('refuses %j, and says why', (text, fault) => {
    expect(faultOfPlace(text)).toBe(fault)
  })
})
