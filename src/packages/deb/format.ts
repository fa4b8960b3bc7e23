/** Debian's format: deb822 configuration, signed suites, .deb files. */
import type { PackageFormat } from '../format/format.ts'
import { hostRepositories } from './host_files.ts'
import { addressesOf } from './mirrors.ts'
import { members } from './members.ts'
import { naming } from './naming.ts'
import { adviceOnList } from './one_line.ts'
import { readSources } from './sources_file.ts'
import { readIndices } from './indices.ts'
import { readSuite } from './suite.ts'

export const deb: PackageFormat = {
  ...naming,
  aspects: {
    release: 'X-Retrace-Release',
    signedBy: 'Signed-By',
    fetch: 'X-Retrace-Fetch',
    superseded: 'X-Retrace-Superseded',
    checkValidUntil: 'Check-Valid-Until',
    connection: 'proxy, password or certificate',
    own: 'Check-Date, Date-Max-Future, Valid-Until-Min, Valid-Until-Max or InRelease-Path',
  },
  releaseArchitecture: (architecture) => architecture,
  configuration: readSources,
  host: hostRepositories,
  unread: { extension: '.list', advice: adviceOnList },
  suite: readSuite,
  read: readIndices,
  addresses: addressesOf,
  members,
}
