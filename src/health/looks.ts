/** The one list of what a working server needs, in the order in which it is told. */
import { address, metricsAddress, proxy } from './address.ts'
import { certificate } from './certificate.ts'
import { database } from './database.ts'
import { engines } from './engines.ts'
import type { Look } from './look.ts'
import { programs } from './programs.ts'
import { sandbox } from './sandbox.ts'
import { space } from './space.ts'
import { spool } from './spool.ts'
import { repositories, store } from './store.ts'
import { sync } from './sync.ts'
import { UsageError } from '../errors/usage_error.ts'
import { unit } from './unit.ts'

export const LOOKS: readonly Look[] = [
  certificate,
  address,
  metricsAddress,
  proxy,
  spool,
  space,
  database,
  store,
  repositories,
  unit,
  sandbox,
  ...programs,
  engines,
  sync,
]

/** Those of these names, in the order of the list; all where none is named. Throws UsageError for a name that no look has. */
export function looksNamed(names: readonly string[]): readonly Look[] {
  const known = LOOKS.map(({ what }) => what)
  const other = names.find((name) => !known.includes(name))
  if (other === undefined) return names.length === 0 ? LOOKS : LOOKS.filter(({ what }) => names.includes(what))
  throw new UsageError(`There is no look '${other}' of --check; there are ${[...new Set(known)].join(', ')}`)
}
