/** What rows on Debian repositories are made of: a world, and packages with a name and a program. */
import type { FileServer, ServeOptions } from '../../../helpers/file_server.ts'
import { withFaults } from '../../../helpers/compared.ts'
import type { MadePackage } from '../../../helpers/deb_repository.ts'
import type { PublishOptions } from '../../../helpers/deb_suite.ts'
import type { Peculiarity } from '../../../helpers/peculiarity.ts'
import type { World } from '../../packages/world.ts'

/** A row; `serve`: how the archive is served. */
export interface DebPeculiarity extends Peculiarity<World> {
  serve?: ServeOptions
}

/** Adds a package of version 1.0-1 for amd64 that holds a program; returns its path. */
export function add(world: World, name: string, more: Partial<MadePackage> = {}): string {
  const files = { [`/usr/bin/${name}`]: { bytes: name } }
  return world.repository.add({ name, version: '1.0-1', files, ...more })
}

/** Publishes alpha and beta in a way of the row's own. */
export function publish(world: World, options: PublishOptions = {}): void {
  add(world, 'alpha')
  add(world, 'beta')
  world.repository.publish(options)
}

/** A row on alpha and beta, published in a way of its own. */
export function published(name: string, options: PublishOptions, more: Partial<DebPeculiarity> = {}): DebPeculiarity {
  return { name, make: (world) => publish(world, options), taken: ['alpha', 'beta'], ...more }
}

/** A row on alpha, with other fields in the index, beside beta. */
export function listed(
  name: string,
  fields: Record<string, string | undefined>,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return {
    name,
    make(world) {
      add(world, 'alpha', { fields })
      add(world, 'beta')
      world.repository.publish()
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** A row on alpha and beta where the server misbehaves for paths that end so. */
export function served(
  name: string,
  faults: Parameters<FileServer['fault']>[],
  more: Partial<DebPeculiarity> & { options?: PublishOptions } = {},
): DebPeculiarity {
  return withFaults(published(name, more.options ?? {}, more), faults)
}
