/** What a task is worked on with. */
import type { ConfigOf } from '../../src/config/config.ts'
import type { ProxyEnvironment } from '../../src/config/proxy_environment.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import type { NAME } from './command_line.ts'
import type { Engine } from './gdb/engine.ts'
import type { Journal } from './journal.ts'

export interface Tools {
  config: ConfigOf<typeof NAME> & { proxies: ProxyEnvironment }
  engines: readonly Engine[]
  root: string
  signal: AbortSignal
  said: Journal
  /** In place of those of this installation. */
  formats?: readonly PackageFormat[]
}
