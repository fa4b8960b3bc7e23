import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { PROGRAMS } from '../../../src/config/settings.ts'
import { readProxies } from '../../../src/config/proxy_environment.ts'
import { openDatabase } from '../../../src/database/database.ts'
import { naming } from '../../../src/packages/deb/naming.ts'
import { PackageIndex, type PackageRow } from '../../../src/packages/index/lookup.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { Fetcher } from '../../../workers/retrace/resolve/fetcher.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('a fetcher', () => {
  it('asks for a thousand packages at most, however many the core of a task names', async () => {
    await using folder = await temporaryFolder()
    const config = { ...readConfig(PROGRAMS, { RETRACE_REPO_DIR: folder.file('repo') }), proxies: readProxies({}) }
    const database = openDatabase(folder.file('retrace.db'), { migrate: true })
    const uses = { claim: () => null } as unknown as PackageUses
    const asked: string[] = []
    const fetcher = new Fetcher(
      { config, database, uses, say: (_, text) => asked.push(text), signal: AbortSignal.timeout(30_000) },
      new PackageIndex(database),
    )
    const row = (id: number) => ({ id, naming, name: `p${id}`, version: '1', architecture: 'amd64' }) as PackageRow
    const failures = await Promise.all(Array.from({ length: 1002 }, (_, id) => fetcher.fetch(row(id))))
    expect(failures[999]).toMatch(/^p999_1_amd64 could not be fetched: /)
    expect(failures.slice(1000)).toEqual([
      'p1000_1_amd64 was not fetched: 1000 packages are the most for one task',
      'p1001_1_amd64 was not fetched: 1000 packages are the most for one task',
    ])
    expect(asked).toHaveLength(1000)
    expect(fetcher.hasFailed(row(1001))).toBe(true)
    database.$client.close()
  })
})
