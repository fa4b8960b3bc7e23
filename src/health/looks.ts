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
