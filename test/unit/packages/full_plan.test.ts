import { describe, expect, it } from 'vitest'
import { naming } from '../../../src/packages/deb/naming.ts'
import { naming as rpm } from '../../../src/packages/rpm/naming.ts'
import { type Candidate, canHold, inOrder } from '../../../workers/reposync/full/plan.ts'

const LIB: Candidate = {
  id: 1,
  release: 'debian-12-amd64',
  name: 'lib',
  version: '1',
  architecture: 'amd64',
  size: 1000,
  naming,
  uri: 'https://a.example/',
  isDebug: false,
  hasBuildIds: false,
  hasPath: true,
  hasContents: true,
}

describe('canHold()', () => {
  it.each([
    ['a package with a library in Contents', {}, true],
    ['one that Contents knows without', { hasPath: false }, false],
    ['one that no Contents speaks of', { hasPath: false, hasContents: false }, true],
    ['one for every architecture with a program in Contents', { architecture: 'all' }, false],
    ['one for every architecture that no Contents speaks of', { architecture: 'all', hasContents: false }, false],
    ['one for every architecture of RPM', { naming: rpm, architecture: 'noarch', hasContents: false }, false],
    ['a debuginfo package', { isDebug: true, hasPath: false }, true],
    ['one with build-ids in the index', { hasBuildIds: true, hasPath: false }, true],
  ])('answers for %s', (_what, more, answer) => expect(canHold({ ...LIB, ...more })).toBe(answer))
})

describe('inOrder()', () => {
  it('puts new versions first, then debuginfo, huge packages last among those', () => {
    const made = [
      { ...LIB, id: 1, version: '1.9' },
      { ...LIB, id: 2, version: '1.10' },
      { ...LIB, id: 3, name: 'kernel-dbg', isDebug: true, size: 2 ** 30 },
      { ...LIB, id: 4, name: 'lib-dbg', version: '1.9', isDebug: true },
      { ...LIB, id: 5, name: 'lib-dbg', version: '1.10', isDebug: true },
    ]
    expect(inOrder(made).map(({ id }) => id)).toEqual([5, 3, 2, 4, 1])
  })
})
