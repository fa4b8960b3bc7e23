/**
 * Which release a suite feeds. A core says `debian-12`, as its os-release(5) does; a Release file may say less: Debian's
 * backports have no Version, archives made by aptly no Origin, and those of others a Codename like `bookworm-pgdg`. Owns
 * the order in which they are asked; a release that no core is called by is told from one that is.
 */
import { FetchError } from '../format/error.ts'
import { isDerived, isOfDebianFamily, newestNumber, publishedAs, rollingRelease } from '../release/codenames.ts'
import { releaseOfVersion } from '../release/release_id.ts'

/** What a Release file says of itself, and where it was found. */
export interface SuiteNames {
  origin: string | undefined
  suite: string | undefined
  codename: string | undefined
  version: string | undefined
  /** The suite that the administrator asked for, and its address. */
  asked: string
  uri: string
}

export interface ReleaseVerdict {
  /** Id without architecture. */
  release: string
  /** A sentence that ends with the line to add, where no core is called so. */
  doubt: string | undefined
}

/** Releases by `distribution codename`, as other suites of a run have told them. */
export type Learnt = Map<string, string>

/** Ends of the names of suites that belong to the release before them. */
const POCKETS =
  /([-/](updates|security|backports|backports-sloppy|proposed-updates|proposed|debug|apps-security|apps-updates|infra-security|infra-updates|lts))+$/
const UNSTABLE = new Set(['sid', 'unstable', 'experimental', 'rc-buggy'])
/** Origins whose first word is not ID of os-release(5). */
const SPELT: [RegExp, string][] = [
  [/^linux ?mint\b/, 'linuxmint'],
  [/^ubuntu/, 'ubuntu'],
  [/^(lp-ppa-)?zorin/, 'zorin'],
  [/^(lp-ppa-)?elementary/, 'elementary'],
  [/^(linux )?deepin/, 'deepin'],
  [/^(kde )?neon\b/, 'neon'],
  [/^sparky/, 'sparky'],
  [/^endless/, 'endless'],
]

const LINE = 'X-Retrace-Release'

/** Decides; learns from a suite that has a Version. Throws FetchError where nothing says it. */
export function releaseOf(names: SuiteNames, learnt: Learnt = new Map()): ReleaseVerdict {
  const distribution = distributionOf(names.origin)
  const [name] = namesOf(names)
  if (distribution !== undefined && isOfDebianFamily(distribution)) return ofDistribution(distribution, names, learnt)
  const known = ofOthers(names)
  if (known !== undefined) return certain(known)
  const number = /^[0-9]+/.exec(names.version ?? '')?.[0]
  if (distribution !== undefined && number !== undefined) {
    const release = `${distribution}-${number}`
    learn(learnt, { distribution, names, release })
    return doubtful(release, learnt)
  }
  const taught = learnt.get(`${distribution} ${name}`)
  if (taught !== undefined) return certain(taught)
  if (distribution !== undefined && name !== undefined && isId(name)) return doubtful(`${distribution}-${name}`, learnt)
  const says = (['origin', 'suite', 'codename', 'version'] as const).filter((field) => names[field] !== undefined)
    .map((field) => `${field} '${names[field]}'`)
  throw new FetchError(
    'malformed',
    `Its Release file says of no release that it feeds (it has ${
      says.join(', ') || 'no names at all'
    }): add a line like ` +
      `${LINE}: debian-12`,
  )
}

/** Notes what an administrator says of a suite for the others of its distribution. */
export function teach(learnt: Learnt, names: SuiteNames, release: string): void {
  const distribution = distributionOf(names.origin)
  if (distribution !== undefined) learn(learnt, { distribution, names, release })
}

function ofDistribution(distribution: string, names: SuiteNames, learnt: Learnt): ReleaseVerdict {
  const rolling = rollingRelease(distribution)
  if (rolling !== undefined) return certain(rolling)
  // Archives for derived distributions often have the Version of what those are made of.
  const all = namesOf(names)
  const byName = all.map((name) => publishedAs(name, distribution)?.number).find((each) => each !== undefined)
  const byVersion = numberAt(names.version)
  const number = (isDerived(distribution) ? byName ?? byVersion : byVersion ?? byName) ??
    all.map(numberAt).find((each) => each !== undefined)
  const release = releaseOfVersion(distribution, number)
  if (release !== undefined) {
    if (names.version !== undefined) learn(learnt, { distribution, names, release })
    return certain(release)
  }
  const taught = all.map((name) => learnt.get(`${distribution} ${name}`)).find((each) => each !== undefined)
  if (taught !== undefined) return certain(taught)
  if (all.some((name) => UNSTABLE.has(name))) return certain(`${distribution}-sid`)
  const name = all.find(isId)
  if (name === undefined) {
    throw new FetchError(
      'malformed',
      `Its Release file names no release: add a line like ${LINE}: ${exampleOf(distribution)}`,
    )
  }
  // Until it is published, Debian's testing calls itself `forky/sid`, which unstable does, too.
  const likely = distribution === 'debian' ? 'debian-sid' : exampleOf(distribution)
  return doubtful(`${distribution}-${name}`, learnt, likely)
}

/** The number that a text begins with. */
function numberAt(text: string | undefined): string | undefined {
  return /^[0-9]+(\.[0-9]+)*/.exec(text ?? '')?.[0]
}

/** A release that a core of this distribution can say it is of. */
function exampleOf(distribution: string): string {
  return releaseOfVersion(distribution, newestNumber(distribution)) ?? `${distribution}-1`
}

/** The distribution that an archive of others is for: by a code name or a number in its suite, or in its address. */
function ofOthers(names: SuiteNames): string | undefined {
  for (const name of namesOf(names)) {
    for (const part of [name, ...name.split(/[-_/. ]/)]) {
      const published = publishedAs(part)
      if (published !== undefined) return releaseOfVersion(published.distribution, published.number)
      if (part === 'sid') return 'debian-sid'
    }
  }
  for (const text of [...namesOf(names), pathOf(names.uri)]) {
    const numbered = numberedIn(text)
    if (numbered !== undefined) return numbered
  }
  return undefined
}

/** `Debian_12`, `xUbuntu_22.04`, `debian12`, `ubuntu2204`, `Debian_Testing`. */
function numberedIn(text: string): string | undefined {
  const [, distribution = '', number, name] =
    /(debian|ubuntu|raspbian|devuan|linuxmint)[-_/ ]?(?:([0-9]+(?:\.[0-9]+)*)|(testing|unstable|sid)\b)/i.exec(text) ??
      []
  const id = distribution.toLowerCase()
  if (name !== undefined) return `${id}-sid`
  return releaseOfVersion(id, number?.replace(/^([0-9]{2})(0[0-9]|10)$/, '$1.$2'))
}

function distributionOf(origin: string | undefined): string | undefined {
  const text = (origin ?? '').trim().toLowerCase()
  const spelt = SPELT.find(([pattern]) => pattern.test(text))
  if (spelt !== undefined) return spelt[1]
  return /^[a-z][a-z0-9]*/.exec(text)?.[0]
}

/** In lower case, without the pockets of a release, the most telling first. */
function namesOf({ codename, suite, asked }: SuiteNames): string[] {
  const names = [codename, suite, asked].map((name) => (name ?? '').trim().toLowerCase().replace(POCKETS, ''))
  return [...new Set(names.filter((name) => name !== '' && !/^[./]*$/.test(name)))]
}

function pathOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).pathname.replaceAll('%20', ' ') : ''
}

function isId(name: string): boolean {
  return /^[a-z][a-z0-9._]*$/.test(name)
}

function learn(
  learnt: Learnt,
  { distribution, names, release }: { distribution: string; names: SuiteNames; release: string },
): void {
  const { codename, asked } = names
  // Suites called stable and the like are another release next year.
  for (const name of namesOf({ ...names, suite: undefined, asked: codename ?? asked })) {
    learnt.set(`${distribution} ${name}`, release)
  }
}

function certain(release: string): ReleaseVerdict {
  return { release, doubt: undefined }
}

function doubtful(release: string, learnt: Learnt, likely = usualOf(learnt)): ReleaseVerdict {
  return {
    release,
    doubt:
      `it feeds ${release}, by which no core is known to be called: where its packages are for another release, add ` +
      `the line ${LINE}: ${likely}`,
  }
}

/** A release that the configured archives are for, as an example. */
function usualOf(learnt: Learnt): string {
  return [...learnt.values()].find((release) => isOfDebianFamily(release.slice(0, release.indexOf('-')))) ??
    'debian-12'
}
