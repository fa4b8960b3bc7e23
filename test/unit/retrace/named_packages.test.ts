/** What a client says about packages, and what stands beside a package: each row of a table says why. */
import { describe, expect, it } from 'vitest'
import type { CoreModule } from '../../../src/elf/core.ts'
import { naming as deb } from '../../../src/packages/deb/naming.ts'
import { naming as rpm } from '../../../src/packages/rpm/naming.ts'
import {
  candidatesNamed,
  closestVersions,
  debugPackagesBeside,
  namedPackages,
} from '../../../workers/retrace/resolve/candidates.ts'
import { isNameable } from '../../../workers/retrace/resolve/nameable.ts'
import { FEDORA, found, type Given, labels, LIB, libraryModule, PATH } from '../../helpers/candidates.ts'
import { knownIndex, type MadeKnown } from '../../helpers/known_index.ts'

describe('candidates among the packages that a client named', () => {
  const OWNER = { name: 'lib', version: '1', paths: [PATH] }
  const PROGRAM = { name: 'tool', version: '1' }
  it.each<[string, Given, Partial<CoreModule>, string[]]>([
    [
      'those that ever had the path, in the version that was named',
      { known: [OWNER, { ...OWNER, version: '2' }, PROGRAM], lines: ['tool_1_amd64', 'lib_2_amd64'] },
      {},
      ['lib_2_amd64'],
    ],
    ['none for a library that no package had', { known: [PROGRAM], lines: ['tool_1_amd64'] }, {}, []],
    [
      'the first one for a program that no package had: it is the one that crashed',
      { known: [PROGRAM, OWNER], lines: ['tool_1_amd64', 'lib_1_amd64'] },
      { kind: 'executable', path: '/opt/tool' },
      ['tool_1_amd64'],
    ],
    [
      'those of all releases that have them, where the release is not known',
      {
        known: [OWNER, { ...OWNER, release: 'debian-13-amd64' }],
        lines: ['lib_1_amd64'],
        release: undefined,
      },
      {},
      ['lib_1_amd64', 'debian-13-amd64: lib_1_amd64'],
    ],
    [
      'none of another release than the one of the core, although the names are the same',
      { known: [{ ...OWNER, version: '2' }, { ...OWNER, release: 'debian-13-amd64' }], lines: ['lib_1_amd64'] },
      {},
      [],
    ],
    [
      'a library by a path before the merge of /usr, too',
      { known: [OWNER], lines: ['lib_1_amd64'] },
      { path: '/lib/libx.so.1' },
      ['lib_1_amd64'],
    ],
  ])('the candidates among named packages are %s', async (_why, given, more, expected) => {
    expect(await found(given, (knowledge) => candidatesNamed(libraryModule(more), knowledge))).toEqual(expected)
  })
})

describe('isNameable()', () => {
  const OWNER = { name: 'lib', version: '1', paths: [PATH] }
  const PROGRAM = { kind: 'executable' as const, path: '/opt/tool' }
  it.each<[string, string[], Partial<CoreModule>, boolean]>([
    ['a library of which no package was named, though others were', ['tool_1_amd64'], {}, true],
    ['a library when nothing was named', [], {}, true],
    ['a library of which the package was named', ['lib_1_amd64'], {}, false],
    ['a library of which the package was named in a version that nobody knows', ['lib_9_amd64'], {}, false],
    ['a library that no known package had', [], { path: '/opt/x.so' }, false],
    ['a program that no known package had', [], PROGRAM, true],
    ['such a program when a package was named', ['tool_1_amd64'], PROGRAM, false],
    ['what has a build-id', [], { buildId: 'ab' }, false],
  ])('tells of %s whether naming a package would help', async (_, lines, more, expected) => {
    for (const given of [{ known: [OWNER] }, { known: [OWNER], release: undefined }]) {
      await found({ ...given, lines }, (knowledge) => {
        expect(isNameable(libraryModule({ buildId: undefined, ...more }), lines, knowledge)).toBe(expected)
        return []
      })
    }
  })
})

describe('the packages that a client names', () => {
  const BASH = { release: FEDORA, architecture: 'x86_64', name: 'bash' }
  it.each<[string, Given, string[]]>([
    [
      'are exactly those whose epoch is named',
      { known: [{ ...BASH, version: '1-1' }, { ...BASH, version: '2:1-1' }], lines: ['2:bash-1-1'] },
      [`${FEDORA}: bash-2:1-1.x86_64`],
    ],
    [
      'are those of every epoch where none is named, the one without first: build-ids decide among them',
      { known: [{ ...BASH, version: '2:1-1' }, { ...BASH, version: '1-1' }], lines: ['bash-1-1'] },
      [`${FEDORA}: bash-1-1.x86_64`, `${FEDORA}: bash-2:1-1.x86_64`],
    ],
    [
      'are those of any epoch where none is exact: rpm -qa prints none',
      { known: [{ ...BASH, version: '2:1-1' }], lines: ['bash-1-1'] },
      [`${FEDORA}: bash-2:1-1.x86_64`],
    ],
    [
      'are by the first reading of a line that an index knows',
      { known: [{ ...BASH, name: 'foo-1', version: '2.0' }], lines: ['foo-1-2.0'] },
      [`${FEDORA}: foo-1-2.0.x86_64`],
    ],
    ['are none for a name alone', { known: [{ ...BASH, version: '1-1' }], lines: ['bash'] }, []],
  ])('the packages that a client names %s', async (_why, given, expected) => {
    await using known = await knownIndex(given.known)
    const named = namedPackages(given.lines ?? [], known.index, known.releaseId(FEDORA))
    expect(labels([...named.values()].flat())).toEqual(expected)
  })
})

describe('debuginfo packages beside a binary package', () => {
  const debug = (name: string, more: Partial<MadeKnown> = {}) => ({
    name,
    version: '1',
    source: 'lib',
    sourceVersion: '1',
    isDebug: true,
    ...more,
  })
  it.each<[string, MadeKnown[], string[]]>([
    ['called like it before the others of its build', [debug('a-dbg'), debug('lib-dbg')], ['lib-dbg', 'a-dbg']],
    ['of its own version before another of the build', [debug('lib-dbg', { version: '1+b1' }), debug('z-dbg')], [
      'z-dbg',
      'lib-dbg',
    ]],
    ['of no other architecture', [debug('lib-dbg', { architecture: 'i386' })], []],
    ['of no other build', [debug('lib-dbg', { sourceVersion: '2' })], []],
    ['that hold debuginfo', [debug('libstdc++6-12-dbg'), debug('libstdc++6-dbgsym')], ['libstdc++6-dbgsym']],
  ])('the debuginfo packages beside a binary package are those %s', async (_why, known, expected) => {
    await using all = await knownIndex([LIB, ...known])
    const [binary] = all.index.exactly('lib', '1')
    if (binary === undefined) throw new Error('Expected the binary package')
    expect(debugPackagesBeside(binary, all.index).map(({ name }) => name)).toEqual(expected)
  })

  it('the debuginfo packages beside a binary package are none that hold sources alone, in a format that has such', async () => {
    const fedora = { release: FEDORA, architecture: 'x86_64' }
    await using all = await knownIndex([
      { ...LIB, ...fedora },
      debug('lib-debugsource', fedora),
      debug('lib-debuginfo', fedora),
    ])
    const [binary] = all.index.exactly('lib', '1')
    if (binary === undefined) throw new Error('Expected the binary package')
    expect(debugPackagesBeside(binary, all.index).map(({ name }) => name)).toEqual(['lib-debuginfo'])
  })
})

describe('closestVersions()', () => {
  it.each([
    ['1.5', ['1', '2', '1.4', '1.6', '1.3'], ['1.3', '1.4', '1.6', '2'], deb],
    ['0', ['1', '2', '3'], ['1', '2'], deb],
    ['9', ['1', '2', '3'], ['2', '3'], deb],
    ['1.10', ['1.9', '1.11', '1.2', '1.9'], ['1.2', '1.9', '1.11'], rpm],
    ['1', [], [], rpm],
  ])('finds what stands around %s in %j', (wanted, known, expected, naming) => {
    expect(closestVersions(known, wanted, naming.compareVersions)).toEqual(expected)
  })
})
