/** Rows on what a suite has and where, and how it is asked for: flat ones, parts that are not there, odd paths and texts. */
import { writeFileSync } from 'node:fs'
import { add, type DebPeculiarity, publish } from './world.ts'
import type { PublishOptions } from '../../../helpers/deb_suite.ts'

/** A flat repository: one Packages for all, at the top. */
function flat(
  name: string,
  options: PublishOptions = {},
  more: Partial<DebPeculiarity> & { suites?: string; fields?: Record<string, string | undefined> } = {},
): DebPeculiarity {
  const { suites = './', fields = {} } = more
  return {
    name,
    make(world) {
      add(world, 'alpha')
      add(world, 'beta', { architecture: 'all' })
      add(world, 'gamma', { architecture: 'arm64' })
      world.repository.publish({ isFlat: true, ...options })
      world.configure({ Suites: suites, Components: undefined, ...fields })
    },
    taken: ['alpha', 'beta:all'],
    ...more,
  }
}

/** Alpha and beta of main for amd64, asked for in another way. */
function asked(
  name: string,
  fields: Record<string, string | undefined>,
  more: Partial<DebPeculiarity> & { options?: PublishOptions } = {},
): DebPeculiarity {
  return {
    name,
    make(world) {
      publish(world, more.options)
      world.configure(fields)
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** A row on a `.sources` file of its own making. */
function written(name: string, change: (text: string) => string, more: Partial<DebPeculiarity> = {}): DebPeculiarity {
  return {
    name,
    make(world) {
      publish(world)
      writeFileSync(world.folder.file('repos.d/test.sources'), change(world.sourcesText()))
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

export const SUITES: DebPeculiarity[] = [
  written('with a field twice in its stanza', (text) => text.replace('Suites:', 'Suites: nothing\nSuites:'), {
    says: /WRN .*test\.sources:[0-9]+: the field Suites is there twice in one stanza: the last counts/,
  }),
  written('with a line of white space in its stanza', (text) => text.replace('\n', '\n \t\n'), { isQuiet: true }),
  written('with white space before a colon', (text) => text.replace('Suites:', 'Suites \t:'), { isQuiet: true }),
  written('with fields of other programs', (text) => `X-Repolib-Default-Mirror: http://x/\nX-Any-Thing: 1\n${text}`, {
    isQuiet: true,
  }),
  flat('that is flat, with packages of other architectures', {}, {
    says: /1 package left out: of another architecture \(gamma\)/,
  }),
  flat('that is flat, for two architectures', {}, {
    fields: { Architectures: 'amd64 arm64' },
    taken: ['alpha', 'beta:all', 'beta:all', 'gamma:arm64'],
    theirs: {
      taken: ['alpha', 'beta:all'],
      because: 'this apt is of a machine with one architecture; and what is for all is of both releases here',
    },
  }),
  flat('that is flat, with Suites: /', {}, { suites: '/' }),
  flat('that is flat, with one form alone', { compressions: ['gz'] }),
  flat('that is flat, with ./ before the names in Release', {
    release: (text) => text.replace(/ Packages/g, ' ./Packages'),
  }, { theirs: { taken: [], because: 'apt compares names by the letter; ./Packages is Packages' } }),
  asked('without a component that is asked for', { Components: 'main contrib' }, {
    says: /WRN .* it has no component contrib, but main: is it misspelt\? \(.*test\.sources:1\)/,
  }),
  asked('without the only component that is asked for', { Components: 'mian' }, {
    taken: [],
    code: 0,
    says: /it has no component mian, but main/,
  }),
  asked('whose architectures have commas between them', { Architectures: 'amd64,arm64 , armhf' }, {
    says: /WRN .* it has nothing for armhf, but for all, amd64/,
  }),
  asked('with an architecture beside the usual one', { 'Architectures': undefined, 'Architectures-Add': 's390x' }, {
    says: /WRN .* it has nothing for s390x/,
  }),
  asked('without one of the architectures that are named', {
    'Architectures': 'amd64 arm64',
    'Architectures-Remove': 'arm64',
  }, { isQuiet: true }),
  asked('without an architecture that is asked for', { Architectures: 'amd64 s390x' }, {
    says: /WRN .* it has nothing for s390x, but for all, amd64 \(.*test\.sources:1\)/,
  }),
  asked('that has an architecture, and no index of it', { Architectures: 'amd64 s390x' }, {
    options: { fields: { Architectures: 'all amd64 s390x' } },
    isQuiet: true,
  }),
  asked('that says nothing of architectures and components', {}, {
    options: { fields: { Architectures: undefined, Components: undefined } },
  }),
  asked('that calls its component updates/main', {}, { options: { fields: { Components: 'updates/main' } } }),
  asked('whose suite is named by $(ARCH)', { Suites: '$(ARCH)/', Components: undefined }, {
    make(world) {
      add(world, 'alpha', { fields: { Filename: 'pool/alpha_1.0-1_amd64.deb' } })
      world.repository.publish({ isFlat: 'amd64' })
      world.configure({ Suites: '$(ARCH)/', Components: undefined })
    },
    taken: ['alpha'],
  }),
  asked('with binary-all beside what it holds already', {}, {
    make(world) {
      add(world, 'alpha')
      add(world, 'beta', { architecture: 'all' })
      world.repository.publish({ fields: { 'No-Support-for-Architecture-all': undefined } })
    },
    taken: ['alpha', 'beta:all'],
  }),
]
