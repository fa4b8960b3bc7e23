/**
 * How RPM names its packages: `bash-5.2.26-3.fc40.x86_64`, that is `name-[epoch:]version-release.arch` (NEVRA), whose
 * last two dashes part it; ABRT's client of some years has the epoch first (`2:name-1.0-3.fc38`). Debuginfo is in
 * `-debuginfo` packages, the sources that it speaks of in `-debugsource`; what the packages of one source share (a dwz
 * file) is in the `-debuginfo` package called like the source.
 */
import { architectureNamed, architectureRow } from '../../elf/architecture.ts'
import { cutAt, dashes, isNevra, isVersionAfter, leadingEpoch, NEVRA_SPELLINGS } from '../format/dashes.ts'
import type { PackageIdentity, PackageNaming, PackageReading } from '../format/naming.ts'
import { compareVersions } from './version.ts'

const INDEPENDENT = 'noarch'
/** The dist tags of the distributions that have one, at the end of a release. */
const DIST_TAG = /\.(fc|el|eln|amzn|mga|cm|azl)[0-9]*[^-]*$/

export const naming: PackageNaming = {
  name: 'rpm',
  extension: '.repo',
  programs: [{ name: 'rpmkeys', package: 'rpm' }, { name: 'rpm2archive', package: 'rpm2cpio', isMute: true }],
  label: ({ name, version, architecture }: PackageIdentity) =>
    `${name}-${version}${architecture === undefined ? '' : `.${architecture}`}`,
  compareVersions,
  isIndependent: (architecture) => architecture === INDEPENDENT,
  multilib: (architecture) => architectureRow(architecture).multilib,
  binaryName: (debugName) => debugName.replace(/-debuginfo$/, ''),
  isWithoutDebuginfo: (name) => name.endsWith('-debugsource'),
  mainDebugName: (source) => `${source}-debuginfo`,
  spellings: NEVRA_SPELLINGS,
  isSpelling: isNevra,
  isCertain: (text) => withoutArchitecture(text).architecture !== undefined || DIST_TAG.test(text),
  readings,
}

/** Whether a package holds debuginfo or its sources, and nothing that is loaded: a matter of names in this format. */
export function isDebugName(name: string): boolean {
  return /-debug(info|source)(-common.*)?$/.test(name)
}

/** Versions need not begin with a digit, unless nothing else shows that the text is RPM's. */
function readings(text: string): PackageReading[] {
  if (text.includes('=')) return []
  const { epoch, rest } = leadingEpoch(text)
  const { stem, architecture } = withoutArchitecture(rest)
  if (epoch !== undefined && stem.includes(':')) return []
  const [, dash] = dashes(stem)
  const isOne = dash !== undefined && (epoch !== undefined || isVersionAfter(stem, dash) || naming.isCertain(text))
  return cutAt(stem, isOne ? [dash] : [], { architecture, epoch })
}

function withoutArchitecture(text: string): { stem: string; architecture: string | undefined } {
  const dot = text.lastIndexOf('.')
  const tail = text.slice(dot + 1)
  const isOne = dot > 0 && (tail === INDEPENDENT || isArchitecture(tail))
  return isOne ? { stem: text.slice(0, dot), architecture: tail } : { stem: text, architecture: undefined }
}

function isArchitecture(name: string): boolean {
  const architecture = architectureNamed(name)
  if (architecture === undefined) return false
  const { rpm, basearch, uname } = architectureRow(architecture)
  return [...rpm, basearch, ...uname].includes(name)
}
