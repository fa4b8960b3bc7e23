/**
 * How Debian names its packages: `libc6_2.36-9+deb12u14_amd64`, as apt takes them `libc6=2.36-9+deb12u14`, and with
 * dashes alone, as ABRT's client writes those of Debian, too. Its debuginfo is in `-dbgsym` and `-dbg` packages.
 */
import { architectureNamed } from '../../elf/architecture.ts'
import { cutAt, dashes, isVersionAfter, leadingEpoch } from '../format/dashes.ts'
import type { PackageIdentity, PackageNaming, PackageReading } from '../format/naming.ts'
import { compareVersions } from './version.ts'

const INDEPENDENT = 'all'
const DEBUG_NAME = /-dbg(sym)?$/
/** Of GCC 9 and later, 8 MB each: libstdc++ without optimization, of another build-id; lib32 and libx32 have theirs. */
const DEBUG_BUILD = /^lib[a-z0-9]*stdc\+\+6-(9|\d\d)-dbg$/

export const naming: PackageNaming = {
  name: 'deb',
  extension: '.sources',
  programs: [{ name: 'dpkg-deb', package: 'dpkg' }],
  label: ({ name, version, architecture }: PackageIdentity) =>
    [name, version, ...(architecture === undefined ? [] : [architecture])].join('_'),
  compareVersions,
  isIndependent: (architecture) => architecture === INDEPENDENT,
  multilib: () => undefined,
  binaryName: (debugName) => debugName.replace(DEBUG_NAME, ''),
  isWithoutDebuginfo: (name) => DEBUG_BUILD.test(name),
  mainDebugName: () => undefined,
  spellings: ['name_version[_arch]', 'name=version'],
  isSpelling,
  isCertain: (text) => fieldsOf(text).length > 0,
  readings: (text) => text.includes('=') || fieldsOf(text).length > 0 ? fieldsOf(text) : fromDashes(text),
}

/** Whether a package holds debuginfo and nothing that is loaded, as far as its name tells. */
export function isDebugName(name: string): boolean {
  return DEBUG_NAME.test(name)
}

function isSpelling(line: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9+.-]*_[A-Za-z0-9.+~:-]+(?:_[a-z0-9-]+)?$/.test(line) ||
    /^[A-Za-z0-9_][A-Za-z0-9+._-]*(?::[a-z0-9-]+)?=[A-Za-z0-9.+~:^_-]+$/.test(line)
}

/** `name_version[_arch]` and `name=version`, an architecture after the name allowed; nothing for another text. */
function fieldsOf(text: string): PackageReading[] {
  if (isOfOthers(text) || leadingEpoch(text).epoch !== undefined) return []
  const match = /^([^=:]+)(?::([a-z0-9-]+))?=([^=]+)$/.exec(text) ??
    /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?_([0-9][^_]*)(?:_([a-z][a-z0-9-]*))?$/.exec(text)
  const [, name, qualifier, version, architecture] = match ?? []
  return name === undefined || version === undefined ? [] : [{ name, version, architecture: architecture ?? qualifier }]
}

/** A version has one dash or none (`base-files-12.4+deb12u5`), seldom more, and begins with a digit. */
function fromDashes(text: string): PackageReading[] {
  if (isOfOthers(text)) return []
  const { epoch, rest } = leadingEpoch(text)
  const { stem, architecture } = withoutArchitecture(rest)
  if (epoch !== undefined && stem.includes(':')) return []
  const [last, second, ...others] = dashes(stem)
  const cuts = [second, last, ...others].filter((dash) => dash !== undefined && isVersionAfter(stem, dash))
  return cutAt(stem, cuts.filter((dash) => dash !== undefined), { architecture, epoch })
}

/** Whether a text ends with what others than Debian call a machine; `.x86_64` would be a version with an underscore. */
function isOfOthers(text: string): boolean {
  const tail = text.slice(text.lastIndexOf('.') + 1)
  const architecture = architectureNamed(tail)
  return architecture !== undefined && architecture !== tail
}

function withoutArchitecture(text: string): { stem: string; architecture: string | undefined } {
  const dot = text.lastIndexOf('.')
  const tail = text.slice(dot + 1)
  const isOne = dot > 0 && (tail === INDEPENDENT || architectureNamed(tail) === tail)
  return isOne ? { stem: text.slice(0, dot), architecture: tail } : { stem: text, architecture: undefined }
}
