import { hostname } from 'node:os'
import { pid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { lease } from '../../../../schema/tables.ts'
import { isLease, takeLease } from '../../../../src/packages/index/lease.ts'
import { unixSeconds } from '../../../../src/units/time.ts'
import { temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('takeLease()', () => {
  it('gives a subject to one only, until it is given back', async () => {
    await using at = await temporaryDatabase()
    {
      const taken = takeLease(at.database, 'sync')
      if (!isLease(taken)) throw new Error('Expected a lease')
      using _lease = taken
      expect(takeLease(at.database, 'sync')).toEqual({ host: hostname(), pid })
      const other = takeLease(at.database, 'package:1')
      expect(isLease(other)).toBe(true)
      if (isLease(other)) other[Symbol.dispose]()
    }
    const again = takeLease(at.database, 'sync')
    expect(isLease(again)).toBe(true)
    if (isLease(again)) again[Symbol.dispose]()
    expect(at.database.select().from(lease).all()).toEqual([])
  })

  it.each([
    ['a process of this host that has ended', { host: hostname(), until: unixSeconds() + 60 }, true],
    ['a process of another host whose time is over', { host: 'elsewhere', until: unixSeconds() - 1 }, true],
    ['a process of another host that has renewed it', { host: 'elsewhere', until: unixSeconds() + 60 }, false],
  ])('takes over what is held by %s: %#', async (_, holder, isTaken) => {
    await using at = await temporaryDatabase()
    at.database.insert(lease).values({ subject: 'sync', pid: 999_999_999, started: '1', ...holder }).run()
    const taken = takeLease(at.database, 'sync')
    expect(isLease(taken)).toBe(isTaken)
    if (isLease(taken)) taken[Symbol.dispose]()
    expect(at.database.select().from(lease).all()).toHaveLength(isTaken ? 0 : 1)
  })
})
