import { describe, expect, it } from 'vitest'
import { fetchFailure } from '../../../../schema/tables.ts'
import { FetchError, REMEMBERED_S } from '../../../../src/packages/format/error.ts'
import { assertNotFailed, forgetFailure, rememberFailure } from '../../../../src/packages/supply/failures.ts'
import { unixSeconds } from '../../../../src/units/time.ts'
import { temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('a failure', () => {
  it('remembers a failure with its kind and the newest sentence, until it is forgotten', async () => {
    await using at = await temporaryDatabase()
    rememberFailure(at.database, 'package:1', new FetchError('timeout', 'It took too long'))
    rememberFailure(at.database, 'package:1', new FetchError('not-found', `It is gone ${'x'.repeat(2000)}`))
    const failure = () => assertNotFailed(at.database, 'package:1')
    expect(failure).toThrow(/^It is gone x{989} \(tried before; again in (21600|21599) s\)$/)
    expect(failure).toThrow(expect.objectContaining({ kind: 'not-found', isHost: false }))
    expect(() => assertNotFailed(at.database, 'package:2')).not.toThrow()
    forgetFailure(at.database, 'package:1')
    expect(failure).not.toThrow()
  })

  it('a failure of a host says so, and counts no more when its time is over', async () => {
    await using at = await temporaryDatabase()
    rememberFailure(at.database, 'host:a.example', new FetchError('unreachable', 'Nobody answers'))
    const failure = () => assertNotFailed(at.database, 'host:a.example')
    expect(failure).toThrow(expect.objectContaining({ kind: 'unreachable', isHost: true }))
    const [row] = at.database.select().from(fetchFailure).all()
    expect(Math.abs((row?.until ?? 0) - unixSeconds() - REMEMBERED_S.unreachable)).toBeLessThan(3)
    at.database.update(fetchFailure).set({ until: unixSeconds() }).run()
    expect(failure).not.toThrow()
  })

  it.each(['machine', 'no-space'] as const)('of kind %s is of this machine, and not remembered', async (kind) => {
    await using at = await temporaryDatabase()
    rememberFailure(at.database, 'package:1', new FetchError(kind, 'There was none left'))
    expect(at.database.select().from(fetchFailure).all()).toEqual([])
  })
})
