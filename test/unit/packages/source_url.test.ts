/** Addresses of source lines from an administrator's template. */
import { describe, expect, it } from 'vitest'
import { faultOfSourceUrl, sourceUrl } from '../../../src/packages/format/source_url.ts'

const TEMPLATE = 'https://sources.example/src/{source}/{version}/{file}/#L{line}'
const VALUES = {
  package: 'python3.11-minimal',
  source: 'python3.11',
  version: '1:3.11.2-6+deb12u9',
  release: 'debian-12',
}

describe('the address of a source line', () => {
  it.each([
    ['./Modules/_ctypes/_ctypes.c', 'Modules/_ctypes/_ctypes.c'],
    ['../sysdeps/x86_64/multiarch/strlen-evex.S', 'sysdeps/x86_64/multiarch/strlen-evex.S'],
    ['/usr/src/debug/bash-5.2.26-3.fc40.x86_64/lib/z.c', 'lib/z.c'],
    ['/builddir/build/BUILD/bash-5.2/./lib/../shell.c', 'shell.c'],
    ['/build/reproducible-path/glibc-2.36/malloc/malloc.c', 'malloc/malloc.c'],
    ['a b#?/c.c', 'a%20b%23%3F/c.c'],
  ])('takes %s for its place in the source', (file, path) => {
    expect(sourceUrl(TEMPLATE, { ...VALUES, file, line: 7 }))
      .toBe(`https://sources.example/src/python3.11/1:3.11.2-6+deb12u9/${path}/#L7`)
  })

  it.each(['/usr/include/c++/12/bits/stl_vector.h', '<artificial>', '../..'])('there is none for %s', (file) => {
    expect(sourceUrl(TEMPLATE, { ...VALUES, file, line: 7 })).toBeUndefined()
  })

  it('refuses a template that is no address, lacks the file, or has a word that nobody fills in', () => {
    expect(faultOfSourceUrl(TEMPLATE)).toBeUndefined()
    for (
      const wrong of [
        'sources.example/{file}',
        'javascript:alert(1)//{file}',
        'https://x.example/',
        'https://x.example/{path}/{file}',
        'https://x.example/{file',
        'https://{source}/{file}',
        `https://x.example/${'a'.repeat(1000)}{file}`,
      ]
    ) expect(faultOfSourceUrl(wrong), wrong).toBeDefined()
  })
})
