/**
 * The SQLite driver, better-sqlite3, in the version that this runtime can load. Its 12 is the last for Node 20 and
 * aborts newer ones while they collect garbage; its 13 needs Node 22 (docs/facts.md, 'Platform'). For Deno, deno.json
 * makes that choice.
 */
import { createRequire } from 'node:module'
import { versions } from 'node:process'
import Sqlite12 from 'better-sqlite3'

/** Which package of package.json has the driver for a runtime. */
export function driverFor(
  runtime: { node: string; deno?: string | undefined },
): 'better-sqlite3' | 'better-sqlite3-13' {
  return runtime.deno === undefined && Number.parseInt(runtime.node) >= 22 ? 'better-sqlite3-13' : 'better-sqlite3'
}

function load(): typeof Sqlite12 {
  const name = driverFor({ node: versions.node, deno: versions.deno })
  return name === 'better-sqlite3' ? Sqlite12 : createRequire(import.meta.url)(name)
}

export const Sqlite = load()
export type SqliteConnection = Sqlite12.Database
