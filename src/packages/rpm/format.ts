/** RPM's format: `.repo` files, yum repositories, .rpm files. */
import type { PackageFormat } from '../format/format.ts'
import { members } from './members.ts'
import { verifyPackage } from './package_signature.ts'
import { readRepoFile } from './repo_file.ts'
import { addressesOf, readIndices, readRepository } from './repository.ts'
import { compareVersions } from './version.ts'

export const rpm: PackageFormat = {
  name: 'rpm',
  extension: '.repo',
  configuration: readRepoFile,
  suite: readRepository,
  read: readIndices,
  addresses: addressesOf,
  verify: verifyPackage,
  members,
  compareVersions,
}
