/**
 * A process that fetches one package and ends: what a worker does for one of its packages. Arguments: the package's id;
 * settings come from the environment. For tests of several processes at once.
 */
import process from 'node:process'
import { readConfig } from '../../src/config/config.ts'
import { readProxies } from '../../src/config/proxy_environment.ts'
import { openDatabase } from '../../src/database/database.ts'
import { fetchPackage } from '../../src/packages/supply/package.ts'
import { PackageIndex } from '../../src/packages/index/lookup.ts'

const config = { ...readConfig(['abrt-retrace-worker']), proxies: readProxies() }
const database = openDatabase(config.database, { migrate: false })
const row = new PackageIndex(database).again(Number(process.argv[2]))
if (row === undefined) throw new Error(`Expected the id of a package, got ${process.argv[2]}`)
await fetchPackage(row, {
  config,
  database,
  signal: AbortSignal.timeout(30_000),
  say: (line) => process.stdout.write(`${line}\n`),
})
database.$client.close()
