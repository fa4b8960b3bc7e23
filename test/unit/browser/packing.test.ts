import { describe, expect, it } from 'vitest'
import { announced, contentOf } from '../../../src/browser/packing.ts'

const bytes = (...first: number[]) => Uint8Array.from([...first, ...Array<number>(512).fill(0)])
const tar = () => {
  const head = bytes()
  head.set(new TextEncoder().encode('ustar'), 257)
  return head
}

describe('what a chosen file is', () => {
  it.each([
    ['a core', bytes(0x7f, 0x45, 0x4c, 0x46), 'core', { 'Content-Type': 'application/x-core' }],
    ['a core in xz', bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'core.xz', {
      'Content-Type': 'application/x-core',
      'Content-Encoding': 'xz',
    }],
    ['a core of coredumpctl', bytes(0x28, 0xb5, 0x2f, 0xfd), 'core.bash.0.zst', {
      'Content-Type': 'application/x-core',
      'Content-Encoding': 'zstd',
    }],
    ['an archive', tar(), 'crash', { 'Content-Type': 'application/x-tar' }],
    ['an archive in xz', bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'crash.tar.xz', {
      'Content-Type': 'application/x-xz',
    }],
    ['an archive in gzip', bytes(0x1f, 0x8b), 'crash.tgz', { 'Content-Type': 'application/x-gzip' }],
  ])('%s is announced as what it is', (_, first, name, headers) => {
    expect(announced(contentOf(first, name))).toEqual(headers)
  })

  it.each([['a picture', bytes(0x89, 0x50)], ['nothing', new Uint8Array(0)]])(
    '%s is nothing that is sent',
    (_, first) => {
      expect(contentOf(first, 'x').kind).toBe('unknown')
    },
  )
})
