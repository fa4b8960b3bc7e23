/** RPM's format: `.repo` files, yum repositories, .rpm files. */
import type { PackageFormat } from '../format/format.ts'
import { hostRepositories } from './host_files.ts'
import { members } from './members.ts'
import { naming } from './naming.ts'
import { verifyPackage } from './package_signature.ts'
import { readRepoFile } from './repo_file.ts'
import { addressesOf, readIndices, readRepository } from './repository.ts'

export const rpm: PackageFormat = {
  ...naming,
  aspects: {
    release: 'retrace_release',
    signedBy: 'gpgkey',
    fetch: 'retrace_fetch',
    superseded: 'retrace_superseded',
    checkValidUntil: 'time of validity',
    connection: 'proxy, password or certificate',
    own: 'choice of mirrors, packages or checks',
  },
  configuration: readRepoFile,
  host: hostRepositories,
  suite: readRepository,
  read: readIndices,
  addresses: addressesOf,
  verify: verifyPackage,
  members,
}
