import { describe, expect, it } from 'vitest'
import { fetchFailure } from '../../../../schema/tables.ts'
import {
  decisiveOf,
  FetchError,
  type FetchFailureKind,
  isPassing,
  REMEMBERED_S,
} from '../../../../src/packages/format/error.ts'
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

  it('that this machine may have caused is remembered for a minute, a full disk not at all', async () => {
    await using at = await temporaryDatabase()
    rememberFailure(at.database, 'package:1', new FetchError('no-space', 'There was none left'))
    expect(at.database.select().from(fetchFailure).all()).toEqual([])
    rememberFailure(at.database, 'package:1', new FetchError('machine', 'It cannot fork'))
    const failure = () => assertNotFailed(at.database, 'package:1')
    expect(failure).toThrow(expect.objectContaining({ kind: 'machine', isHost: false }))
    expect(failure).toThrow(/again in (60|59|58) s/)
  })
})

describe('of several failures', () => {
  const decided = (...kinds: FetchFailureKind[]) => decisiveOf(kinds.map((kind) => new FetchError(kind, kind)))?.kind

  it.each(
    [
      [['unreachable', 'machine'], 'machine'],
      [['machine', 'unreachable'], 'machine'],
      [['not-found', 'no-space'], 'no-space'],
      [['not-found', 'timeout', 'unreachable'], 'unreachable'],
      [['not-found', 'malformed'], 'malformed'],
    ] as const,
  )('%o, %s decides', (kinds, decisive) => {
    expect(decided(...kinds)).toBe(decisive)
  })

  it.each(['machine', 'no-space'] as const)('%s is of this machine, wherever it was fetched from', (kind) => {
    expect(isPassing(kind)).toBe(true)
    expect(isPassing('unreachable')).toBe(false)
  })
})
