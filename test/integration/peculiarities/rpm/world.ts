/** What rows on yum repositories are made of: a world with alpha and beta, which were built and signed once for all rows. */
import { cpSync, mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { withFaults } from '../../../helpers/compared.ts'
import type { FileServer, ServeOptions } from '../../../helpers/file_server.ts'
import type { Peculiarity } from '../../../helpers/peculiarity.ts'
import { type MadeSource, type PublishOptions, RpmRepository } from '../../../helpers/rpm_repository.ts'
import { makeRpmWorld, type RpmWorld } from '../../rpm/world.ts'

/** A row; `serve`: how the repository is served. */
export interface RpmPeculiarity extends Peculiarity<RpmWorld> {
  serve?: ServeOptions
  /** dnf's own variables, as files below /etc/dnf/vars say them. */
  variables?: Record<string, string>
}

/** A package of version 1.0-1 for x86_64 that holds a program. */
export function source(name: string, more: Partial<MadeSource> = {}): MadeSource {
  return { name, version: '1.0-1', files: { [`/usr/bin/${name}`]: { bytes: name } }, ...more }
}

/** A repository with alpha and beta, to be copied: rpmbuild takes longer than everything else. */
export function makeTemplate(folder: string): RpmRepository {
  const template = new RpmRepository(folder, { name: 'template' })
  for (const name of ['alpha', 'beta']) template.add(source(name))
  return template
}

/** A world of its own for a row, with the template's packages and key. */
export async function worldOf(template: RpmRepository, { serve = {} }: RpmPeculiarity): Promise<RpmWorld> {
  const world = await makeRpmWorld({ key: template.key, serve })
  cpSync(template.path('Packages'), world.repository.path('Packages'), { recursive: true })
  return world
}

export const ALPHA = 'alpha-1.0-1.x86_64.rpm'

/** A row on alpha and beta, published in a way of its own. */
export function published(name: string, options: PublishOptions, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return { name, make: (world) => world.repository.publish(options), taken: ['alpha', 'beta'], ...more }
}

/** A row on alpha and beta with other options in the section; `URL` stands for the address of the repository. */
export function configured(
  name: string,
  options: Record<string, string>,
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      const expanded = Object.entries(options).map(([key, value]) => [key, value.replaceAll('URL', world.url())])
      world.configure(Object.fromEntries(expanded))
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** The text of primary with another element for alpha alone. */
export function ofAlpha(text: string, change: (element: string) => string): string {
  return text.replace(/<package [^]*?<\/package>/g, (whole) => whole.includes('<name>alpha<') ? change(whole) : whole)
}

/** A row on alpha, about which primary says something else, beside beta. */
export function listed(
  name: string,
  change: (element: string, world: RpmWorld) => string,
  more: Partial<RpmPeculiarity> = {},
): RpmPeculiarity {
  return {
    name,
    make(world) {
      world.repository.publish()
      world.repository.replaceIndex('primary', (text) => ofAlpha(text, (element) => change(element, world)))
    },
    taken: ['alpha', 'beta'],
    ...more,
  }
}

/** A row on alpha in a file of another name, beside beta. */
export function named(name: string, file: string, more: Partial<RpmPeculiarity> = {}): RpmPeculiarity {
  return {
    name,
    make(world) {
      mkdirSync(dirname(world.repository.path(file)), { recursive: true })
      renameSync(world.repository.path(`Packages/${ALPHA}`), world.repository.path(file))
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
  more: Partial<RpmPeculiarity> & { options?: PublishOptions } = {},
): RpmPeculiarity {
  return withFaults(published(name, more.options ?? {}, more), faults)
}
