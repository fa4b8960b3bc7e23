/** Debian's format: deb822 configuration, signed suites, .deb files. */
import type { PackageFormat } from '../format/format.ts'
import { members } from './members.ts'
import { naming } from './naming.ts'
import { readSources } from './sources_file.ts'
import { readIndices } from './indices.ts'
import { readSuite } from './suite.ts'

export const deb: PackageFormat = {
  ...naming,
  extension: '.sources',
  aspects: {
    release: 'X-Retrace-Release',
    signedBy: 'Signed-By',
    fetch: 'X-Retrace-Fetch',
    superseded: 'X-Retrace-Superseded',
    checkValidUntil: 'Check-Valid-Until',
    connection: 'proxy, password or certificate',
    own: 'choice',
  },
  configuration: readSources,
  suite: readSuite,
  read: readIndices,
  members,
}
