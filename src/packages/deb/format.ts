/** Debian's format: deb822 configuration, signed suites, .deb files. */
import type { PackageFormat } from '../format/format.ts'
import { members } from './members.ts'
import { readSources } from './sources_file.ts'
import { readIndices, readSuite } from './suite.ts'
import { compareVersions } from './version.ts'

export const deb: PackageFormat = {
  name: 'deb',
  extension: '.sources',
  configuration: readSources,
  suite: readSuite,
  read: readIndices,
  members,
  compareVersions,
}
