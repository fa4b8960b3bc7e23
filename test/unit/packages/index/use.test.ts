import { hostname } from 'node:os'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { packages, packageUse } from '../../../../schema/tables.ts'
import { packagesInUse, PackageUses } from '../../../../src/packages/index/use.ts'
import { unixSeconds } from '../../../../src/units/time.ts'
import { addPackage, addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('PackageUses', () => {
  it('claims a package once, says where its files are, and notes that a kept one was needed', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const here = addPackage(at.database, { releaseId, folder: 'f', kept: 1, used: 1 })
    const absent = addPackage(at.database, { releaseId, version: '2' })
    {
      using uses = new PackageUses(at.database, 60)
      expect([here, here, absent].map((id) => uses.claim(id))).toEqual(['f', 'f', null])
      expect(at.database.select().from(packageUse).all()).toHaveLength(2)
      expect(packagesInUse(at.database)).toEqual(new Set([here, absent]))
      const [row, other] = at.database.select({ used: packages.used }).from(packages).all()
      expect(row?.used).toBeGreaterThan(1)
      expect(other?.used).toBeNull()
      expect(uses.counts()).toEqual({ here: 1, fetched: 0 })
      at.database.update(packages).set({ folder: 'g' }).where(eq(packages.id, absent)).run()
      expect(uses.counts()).toEqual({ here: 1, fetched: 1 })
    }
    expect(packagesInUse(at.database)).toEqual(new Set())
  })

  it('claims packages together, all or, where the database takes nothing, none; those that are claimed cost nothing', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const here = addPackage(at.database, { releaseId, folder: 'f', kept: 1, used: 1 })
    const absent = addPackage(at.database, { releaseId, version: '2' })
    using uses = new PackageUses(at.database, 60)
    at.database.$client.pragma('query_only = ON')
    expect(() => uses.claimAll([here, absent])).toThrow(/readonly/)
    at.database.$client.pragma('query_only = OFF')
    expect(packagesInUse(at.database)).toEqual(new Set())
    uses.claimAll([here, absent, here])
    expect(packagesInUse(at.database)).toEqual(new Set([here, absent]))
    expect(uses.counts()).toEqual({ here: 1, fetched: 0 })
    at.database.$client.pragma('query_only = ON')
    uses.claimAll([absent, here])
    expect([here, absent].map((id) => uses.claim(id))).toEqual(['f', null])
    at.database.$client.pragma('query_only = OFF')
  })
})

describe('packagesInUse()', () => {
  it('forgets what processes claimed that have ended, and believes other hosts until their time is over', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const [dead = 0, late = 0, alive = 0] = ['1', '2', '3'].map((version) =>
      addPackage(at.database, { releaseId, version })
    )
    const process = { pid: 999_999_999, started: '1', host: 'elsewhere' }
    at.database.insert(packageUse).values([
      { ...process, packageId: dead, host: hostname(), until: unixSeconds() + 60 },
      { ...process, packageId: late, started: '2', until: unixSeconds() - 1 },
      { ...process, packageId: alive, until: unixSeconds() + 60 },
    ]).run()
    expect(packagesInUse(at.database)).toEqual(new Set([alive]))
    expect(at.database.select().from(packageUse).all().map(({ packageId }) => packageId)).toEqual([alive])
  })
})
