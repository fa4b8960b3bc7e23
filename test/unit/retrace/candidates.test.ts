/** The ranking of evidence: which packages are tried for a module, in which order. Each row of a table says why. */
import { describe, expect, it } from 'vitest'
import {
  candidatesByBuildId,
  candidatesByPath,
  candidatesNoted,
  holders,
} from '../../../workers/retrace/resolve/candidates.ts'
import { FEDORA, found, type Given, ID, LIB, libraryModule, OTHER, PATH, THIRD } from '../../helpers/candidates.ts'
import type { MadeKnown } from '../../helpers/known_index.ts'

describe('packages that hold a build-id', () => {
  it.each<[string, Given, string[]]>([
    [
      'that of the release before one that is here and that the client named: what runs there is of the release',
      { known: [{ ...LIB, release: 'debian-13-amd64', isHere: true }, LIB], lines: ['lib_1_amd64'] },
      ['lib_1_amd64', 'debian-13-amd64: lib_1_amd64'],
    ],
    [
      'one that is here before one that would have to be fetched, even where that is newer and named',
      { known: [{ ...LIB, isHere: true }, { ...LIB, version: '2' }], lines: ['lib_2_amd64'] },
      ['lib_1_amd64', 'lib_2_amd64'],
    ],
    [
      'one that is here although it is gone upstream',
      { known: [{ ...LIB, isHere: true, isGone: true }, { ...LIB, version: '2' }] },
      ['lib_1_amd64', 'lib_2_amd64'],
    ],
    [
      'one that is upstream before one that is gone and was never fetched: it cannot be had',
      { known: [LIB, { ...LIB, version: '2', isGone: true }], lines: ['lib_2_amd64'] },
      ['lib_1_amd64', 'lib_2_amd64'],
    ],
    [
      'the one that the client named before one whose build explains more of the core',
      {
        known: [LIB, { ...LIB, version: '2', code: [ID, OTHER, THIRD] }],
        lines: ['lib_1_amd64'],
        others: [OTHER, THIRD],
      },
      ['lib_1_amd64', 'lib_2_amd64'],
    ],
    [
      'one of a build that the client named by another of its packages',
      {
        known: [LIB, { ...LIB, version: '2' }, { name: 'tool', source: 'lib', version: '1' }],
        lines: ['tool_1_amd64'],
      },
      ['lib_1_amd64', 'lib_2_amd64'],
    ],
    [
      'the one whose build explains most of the core: the others need not be fetched for it',
      {
        known: [{ ...LIB, code: [ID, OTHER] }, { ...LIB, version: '2' }, { ...LIB, version: '3' }],
        others: [OTHER],
      },
      ['lib_1_amd64', 'lib_3_amd64', 'lib_2_amd64'],
    ],
    [
      'else the newest',
      { known: [LIB, { ...LIB, version: '2' }] },
      ['lib_2_amd64', 'lib_1_amd64'],
    ],
    [
      'none that holds it in another role',
      { known: [{ ...LIB, name: 'lib-dbg', isDebug: true, code: [], debug: [ID] }] },
      [],
    ],
  ])('the first packages that hold a build-id are %s', async (_why, given, expected) => {
    expect(await found(given, (knowledge) => holders(ID, 'code', knowledge))).toEqual(expected)
  })
})

describe('candidates by a build-id', () => {
  const DEBUG = { name: 'lib-dbg', source: 'lib', version: '1', isDebug: true, debug: [ID] }
  const BESIDE = { source: 'lib', version: '1' }
  it.each<[string, Given, string[]]>([
    [
      'packages known to hold it, then those that were built with its debuginfo',
      { known: [DEBUG, { ...BESIDE, name: 'lib-bin' }, { ...LIB, name: 'copy' }] },
      ['copy_1_amd64', 'lib-bin_1_amd64'],
    ],
    [
      'of the same build those alone that ever had the path, where there are any',
      { known: [DEBUG, { ...BESIDE, name: 'lib' }, { ...BESIDE, name: 'lib-x', paths: [PATH] }] },
      ['lib-x_1_amd64'],
    ],
    [
      'the package that the debuginfo is called after before its neighbours',
      { known: [DEBUG, { ...BESIDE, name: 'a' }, { ...BESIDE, name: 'lib' }] },
      ['lib_1_amd64', 'a_1_amd64'],
    ],
    [
      'as RPM calls it, too',
      {
        known: [
          { ...DEBUG, name: 'lib-debuginfo', release: FEDORA, architecture: 'x86_64' },
          { ...BESIDE, name: 'a', release: FEDORA, architecture: 'x86_64' },
          { ...BESIDE, name: 'lib', release: FEDORA, architecture: 'x86_64' },
        ],
        release: FEDORA,
      },
      [`${FEDORA}: lib-1.x86_64`, `${FEDORA}: a-1.x86_64`],
    ],
    [
      'what is upstream before what is gone, and the version of the debuginfo before both',
      {
        known: [
          DEBUG,
          { ...BESIDE, name: 'a', version: '1+b1', sourceVersion: '1' },
          { ...BESIDE, name: 'b', isGone: true },
          { ...BESIDE, name: 'c' },
        ],
      },
      ['c_1_amd64', 'b_1_amd64', 'a_1+b1_amd64'],
    ],
    [
      'nothing of another build, of another architecture, or that is debuginfo itself',
      {
        known: [
          DEBUG,
          { name: 'lib', version: '2' },
          { ...BESIDE, name: 'lib', architecture: 'i386' },
          { ...BESIDE, name: 'lib-dbgsym', isDebug: true },
        ],
      },
      [],
    ],
    [
      'four of one build at most: a core must not make us download an archive',
      { known: [DEBUG, ...['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...BESIDE, name }))] },
      ['a_1_amd64', 'b_1_amd64', 'c_1_amd64', 'd_1_amd64'],
    ],
    [
      'each package once',
      { known: [DEBUG, { ...LIB, source: 'lib' }] },
      ['lib_1_amd64'],
    ],
  ])('candidates by a build-id are %s', async (_why, given, expected) => {
    expect(await found(given, (knowledge) => candidatesByBuildId(libraryModule(), knowledge))).toEqual(expected)
  })

  it('finds no candidate by a build-id where the core holds none', async () => {
    expect(await found({ known: [LIB] }, (all) => candidatesByBuildId(libraryModule({ buildId: undefined }), all)))
      .toEqual([])
  })
})

describe('candidates by the package note of a file', () => {
  const NOTE = { type: 'deb', name: 'lib', version: '1', architecture: 'i386' }
  it.each<[string, Given, string[]]>([
    ['the package that it names, not another version', { known: [LIB, { ...LIB, version: '2' }] }, ['lib_1_amd64']],
    ['that of any epoch: notes have none', { known: [{ ...LIB, version: '1:1' }] }, ['lib_1:1_amd64']],
    [
      'that of the release first, before others that are newer',
      { known: [LIB, { ...LIB, release: 'debian-13-amd64' }] },
      ['lib_1_amd64', 'debian-13-amd64: lib_1_amd64'],
    ],
    [
      'that of its own architecture before one for another',
      { known: [LIB, { ...LIB, architecture: 'i386' }] },
      ['lib_1_i386', 'lib_1_amd64'],
    ],
    ['none where no index knows it', { known: [{ ...LIB, name: 'other' }] }, []],
  ])('candidates by the package note of a file are %s', async (_why, given, expected) => {
    expect(
      await found(
        given,
        (knowledge) => candidatesNoted(libraryModule({ packageNote: JSON.stringify(NOTE) }), knowledge),
      ),
    )
      .toEqual(expected)
  })

  it('finds no candidate by the package note of a file without one', async () => {
    expect(await found({ known: [LIB] }, (knowledge) => candidatesNoted(libraryModule(), knowledge))).toEqual([])
  })
})

describe('candidates by path', () => {
  const at = (version: string, more: Partial<MadeKnown> = {}) => ({ name: 'lib', version, paths: [PATH], ...more })
  it.each<[string, Given, string[]]>([
    [
      'every known version of what ever had it, the newest first by the order of the format',
      { known: [at('1.9'), at('1.10'), at('1.10~rc1')] },
      ['lib_1.10_amd64', 'lib_1.10~rc1_amd64', 'lib_1.9_amd64'],
    ],
    [
      'eight versions at most',
      { known: Array.from({ length: 10 }, (_, version) => at(String(version))) },
      [9, 8, 7, 6, 5, 4, 3, 2].map((version) => `lib_${version}_amd64`),
    ],
    [
      'four names at most',
      { known: ['a', 'b', 'c', 'd', 'e'].map((name) => at('1', { name })) },
      ['a_1_amd64', 'b_1_amd64', 'c_1_amd64', 'd_1_amd64'],
    ],
    ['no debuginfo', { known: [at('1', { name: 'lib-dbg', isDebug: true })] }, []],
    ['none of another release', { known: [LIB, at('1', { release: FEDORA })] }, []],
    [
      'those of all releases where the release is not known',
      { known: [at('1'), at('1', { release: FEDORA, architecture: 'x86_64' })], release: undefined },
      ['lib_1_amd64', `${FEDORA}: lib-1.x86_64`],
    ],
  ])('candidates by path are %s', async (_why, given, expected) => {
    expect(await found(given, (knowledge) => candidatesByPath(libraryModule(), knowledge))).toEqual(expected)
  })
})
